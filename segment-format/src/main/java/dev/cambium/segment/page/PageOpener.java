package dev.cambium.segment.page;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.memory.Memory;
import java.util.zip.CRC32C;

/**
 * Makes a raw page of a stored one: everything is verified before it is used, the checksums before the payload is unpacked.
 * Stateless; safe for any thread.
 */
public final class PageOpener {
    private PageOpener() {}

    /**
     * Throws unless the stored page that begins at {@code offset} is the one meant, whole and intact; reads nothing else.
     *
     * @param available bytes from {@code offset} on
     * @param pointer that led here
     * @param payloadCrc that whoever named the page says it has
     * @param file the zone, for the message
     */
    public static void verify(
            Memory stored, int offset, int available, byte[] storeId, long pointer, int payloadCrc, String file) {
        int zoneOffset = Pointer.offset(pointer);
        PageHeader.check(stored, offset, available, storeId, Pointer.zone(pointer), zoneOffset, file);
        if (PageHeader.self(stored, offset) != pointer) {
            throw new CorruptionException(
                    file,
                    zoneOffset + (long) PageHeader.SELF_OFFSET,
                    "the pointer " + Long.toHexString(pointer),
                    Long.toHexString(PageHeader.self(stored, offset)));
        }
        if (PageHeader.payloadCrc(stored, offset) != payloadCrc) {
            throw new CorruptionException(
                    file,
                    zoneOffset + (long) PageHeader.PAYLOAD_CRC_OFFSET,
                    "the payload checksum " + Integer.toHexString(payloadCrc) + ", which the parent has",
                    Integer.toHexString(PageHeader.payloadCrc(stored, offset)));
        }
        verifyPayload(stored, offset, file, zoneOffset);
    }

    /** Throws unless the payload behind a header that has been checked is intact. */
    public static void verifyPayload(Memory stored, int offset, String file, long zoneOffset) {
        CRC32C crc = new CRC32C();
        stored.update(crc, offset + PageHeader.LENGTH, PageHeader.storedLength(stored, offset) - PageHeader.LENGTH);
        if (PageHeader.payloadCrc(stored, offset) != (int) crc.getValue()) {
            throw new CorruptionException(
                    file,
                    zoneOffset + PageHeader.LENGTH,
                    "a payload with the checksum " + Integer.toHexString(PageHeader.payloadCrc(stored, offset)),
                    Integer.toHexString((int) crc.getValue()));
        }
    }

    /**
     * Unpacks a page that has been verified, and checks that what is inside it lies inside it.
     *
     * @param target receives header and raw payload at offset 0; exactly as long as the page's raw length
     */
    public static void unpack(Memory stored, int offset, String file, long zoneOffset, Memory target) {
        unpackUnchecked(stored, offset, file, zoneOffset, target);
        check(target, file, zoneOffset);
    }

    /** As {@link #unpack}, without a look at what is inside: for tools that show pages that do not hold. The header has been checked. */
    public static void unpackUnchecked(Memory stored, int offset, String file, long zoneOffset, Memory target) {
        int rawLength = PageHeader.rawLength(stored, offset);
        int payload = rawLength - PageHeader.LENGTH;
        int storedPayload = PageHeader.storedLength(stored, offset) - PageHeader.LENGTH;
        target.put(0, stored, offset, PageHeader.LENGTH);
        if (PageHeader.codec(stored, offset) == PageHeader.CODEC_NONE) {
            target.put(PageHeader.LENGTH, stored, offset + PageHeader.LENGTH, payload);
        } else {
            int length = Lz4.decompress(
                    stored, offset + PageHeader.LENGTH, storedPayload, target, PageHeader.LENGTH, payload);
            if (length != payload) {
                throw new CorruptionException(
                        file,
                        zoneOffset + PageHeader.LENGTH,
                        "an LZ4 block of " + payload + " bytes",
                        length < 0 ? "no LZ4 block" : "one of " + length);
            }
        }
    }

    /** Throws unless the parts of a raw page, as long as its raw length, lie inside it. */
    public static void check(Memory page, String file, long zoneOffset) {
        switch (PageHeader.kind(page, 0)) {
            case PageKind.LEAF -> LeafPage.check(page, file, zoneOffset);
            case PageKind.VALUES -> ValuePage.check(page, file, zoneOffset);
            case PageKind.KEYS -> KeyPage.check(page, file, zoneOffset);
            case PageKind.FILTER -> FilterPage.check(page, file, zoneOffset);
            case PageKind.CHUNKS -> ChunkList.check(page, file, zoneOffset);
            default ->
                throw new CorruptionException(
                        file, zoneOffset + PageHeader.KIND_OFFSET, "a known kind", "" + PageHeader.kind(page, 0));
        }
    }
}
