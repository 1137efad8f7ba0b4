package dev.cambium.segment.page;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.memory.RangeCrc;

/**
 * Makes a stored page of a raw one: payload compressed where that saves an eighth, checksums, header. For one thread; allocates nothing for a page.
 */
public final class PageSealer {
    private final byte[] storeId;
    private final RangeCrc crc = new RangeCrc();
    private int payloadCrc;
    private long pointer;
    private int storedLength;
    private boolean wasTooShort;

    public PageSealer(byte[] storeId) {
        this.storeId = storeId.clone();
    }

    /** Bytes of room that {@link #seal} needs for a raw page of this length. */
    public static int room(int rawLength) {
        return PageHeader.LENGTH + Lz4.maxCompressedLength(rawLength - PageHeader.LENGTH);
    }

    /**
     * Writes the stored page.
     *
     * @param raw the raw page at offset 0; its first {@link PageHeader#LENGTH} bytes are not looked at
     * @param zone number of the zone that it goes to
     * @param zoneOffset where in the zone
     * @param owner number of the run; of a page that is its own home, {@link Pointer#NULL}
     * @param leastStored a page that would be shorter when it is compressed is stored as it is
     * @param target has {@link #room} bytes at {@code targetOffset}
     * @return the stored length
     */
    public int seal(
            Memory raw,
            int rawLength,
            int kind,
            int level,
            int flags,
            int zone,
            int zoneOffset,
            long birth,
            long owner,
            int leastStored,
            Memory target,
            int targetOffset) {
        if (level > PageHeader.MOST_LEVEL) {
            throw new IllegalStateException(
                    "a tree of " + level + " levels, " + PageHeader.MOST_LEVEL + " are possible");
        }
        int payload = rawLength - PageHeader.LENGTH;
        int payloadAt = targetOffset + PageHeader.LENGTH;
        int compressed = Lz4.compress(raw, PageHeader.LENGTH, payload, target, payloadAt);
        boolean shrinks = compressed <= payload - payload / 8 && compressed < payload;
        wasTooShort = shrinks && PageHeader.LENGTH + compressed < leastStored;
        boolean pays = shrinks && !wasTooShort;
        if (!pays) {
            target.put(payloadAt, raw, PageHeader.LENGTH, payload);
        }
        storedLength = PageHeader.LENGTH + (pays ? compressed : payload);
        crc.reset();
        crc.update(target, payloadAt, storedLength - PageHeader.LENGTH);
        payloadCrc = crc.value();
        pointer = Pointer.of(zone, zoneOffset, storedLength, rawLength, kind);

        target.putInt(targetOffset + PageHeader.PAYLOAD_CRC_OFFSET, payloadCrc);
        target.putByte(targetOffset + PageHeader.FORMAT_OFFSET, PageHeader.FORMAT);
        target.putByte(targetOffset + PageHeader.KIND_OFFSET, kind);
        target.putByte(targetOffset + PageHeader.LEVEL_OFFSET, level);
        target.putByte(targetOffset + PageHeader.CODEC_OFFSET, pays ? PageHeader.CODEC_LZ4 : PageHeader.CODEC_NONE);
        target.putShort(targetOffset + PageHeader.FLAGS_OFFSET, flags);
        target.putShort(targetOffset + PageHeader.DICTIONARY_ID_OFFSET, 0);
        target.putInt(targetOffset + PageHeader.STORED_LENGTH_OFFSET, storedLength);
        target.putInt(targetOffset + PageHeader.RAW_LENGTH_OFFSET, rawLength);
        target.putLong(targetOffset + PageHeader.SELF_OFFSET, pointer);
        target.putLong(targetOffset + PageHeader.BIRTH_OFFSET, birth);
        target.putLong(targetOffset + PageHeader.OWNER_OFFSET, owner == Pointer.NULL ? pointer : owner);
        PageHeader.seal(target, targetOffset, storeId, crc);
        return storedLength;
    }

    /**
     * Writes a stored page that stands elsewhere as one that stands here: its payload as it is, and of the header all but its own pointer.
     *
     * @param source an intact stored page at {@code sourceOffset}, in whatever zone
     * @param zone number of the zone that it goes to
     * @param zoneOffset where in the zone
     * @param target has room for the page at {@code targetOffset}
     * @return the stored length
     */
    public int move(Memory source, int sourceOffset, int zone, int zoneOffset, Memory target, int targetOffset) {
        storedLength = PageHeader.storedLength(source, sourceOffset);
        payloadCrc = PageHeader.payloadCrc(source, sourceOffset);
        pointer = Pointer.of(
                zone,
                zoneOffset,
                storedLength,
                PageHeader.rawLength(source, sourceOffset),
                PageHeader.kind(source, sourceOffset));
        wasTooShort = false;
        target.put(targetOffset, source, sourceOffset, storedLength);
        target.putLong(targetOffset + PageHeader.SELF_OFFSET, pointer);
        PageHeader.seal(target, targetOffset, storeId, crc);
        return storedLength;
    }

    /** Whether the page sealed last is stored as it is because it would have been too short. */
    public boolean wasTooShort() {
        return wasTooShort;
    }

    /** Pointer to the page sealed or moved last. */
    public long pointer() {
        return pointer;
    }

    /** Stored length of the page sealed or moved last. */
    public int storedLength() {
        return storedLength;
    }

    /** Payload checksum of the page sealed or moved last. */
    public int payloadCrc() {
        return payloadCrc;
    }
}
