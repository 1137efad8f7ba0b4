package dev.cambium.segment.manifest;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.memory.Memory;
import java.util.Optional;

/**
 * The file {@code SUPERBLOCK}: two slots, written alternately, so that one is whole at any time.
 * <pre>
 *   0        4096                    65536     69632
 *   +--------+-----------------------+---------+
 *   | slot 0 | zero                  | slot 1  |
 *   +--------+-----------------------+---------+
 *
 *   slot:
 *   0      20     24        40        56            64         72           80               88         96              104   108
 *   +------+------+---------+---------+-------------+----------+------------+----------------+----------+---------------+-----+
 *   | head | zero | storeId | lineage | incarnation | hashSeed | manifestId | manifestLength | sequence | createdMillis | crc |
 *   +------+------+---------+---------+-------------+----------+------------+----------------+----------+---------------+-----+
 *      20     u32     16        16        u64           u64         u64            u64            u64          u64         u32
 * </pre>
 * Little-endian. {@code head} is a {@link FormatHead} with the magic "CAMB-SUP"; {@code crc} is CRC32C over bytes [0, 104); the
 * rest of the slot is zero. Sequence s stands in slot {@code (s - 1) & 1}; slot 1 is all zero until sequence 2 is written.
 *
 * <p>Durability: {@link #create} and {@link #write} return when the superblock is forced ({@code create}: with its directory
 * entry). A power loss in the middle leaves the one before. Single-threaded.
 */
public final class SuperblockFile {
    /*
     * What is used of a slot lies in one sector, so a write of it is old or new after a power loss. The slots are 64 KiB apart so
     * that one bad write of the medium does not hit both.
     *
     * A damaged slot beside a whole one is used and told: it may have been the newer one, whose manifest then still says more
     * than the older slot knows, or is another one, and the manifest that the older one names is gone. The first is harmless,
     * for a manifest is read to its end; the second is found out when the manifest is missing.
     */
    public static final String NAME = "SUPERBLOCK";

    /** The file on its way to its name; garbage when a store is opened. */
    public static final String NEW_NAME = "SUPERBLOCK.new";

    static final int STORE_ID_OFFSET = 24;
    static final int LINEAGE_OFFSET = 40;
    static final int INCARNATION_OFFSET = 56;
    static final int HASH_SEED_OFFSET = 64;
    static final int MANIFEST_ID_OFFSET = 72;
    static final int MANIFEST_LENGTH_OFFSET = 80;
    static final int SEQUENCE_OFFSET = 88;
    static final int CREATED_MILLIS_OFFSET = 96;
    static final int CRC_OFFSET = 104;
    static final int USED_LENGTH = 108;

    static final int SLOT_LENGTH = 4096;
    static final int SLOT_1_OFFSET = 65_536;
    static final int FILE_LENGTH = SLOT_1_OFFSET + SLOT_LENGTH;
    static final long MAGIC = FormatHead.magic("CAMB-SUP");

    private final ZoneFileSystem disk;
    private Superblock current;
    private CorruptionException damage;

    private SuperblockFile(ZoneFileSystem disk) {
        this.disk = disk;
    }

    /** Makes the file; the last step in the creation of a store, after which it exists. */
    public static SuperblockFile create(ZoneFileSystem disk, Superblock first) {
        if (first.sequence() != 1) {
            throw new IllegalArgumentException("the first superblock has sequence 1, not " + first.sequence());
        }
        if (disk.exists(NAME)) {
            throw new IllegalStateException(NAME + " exists already");
        }
        if (disk.exists(NEW_NAME)) {
            disk.delete(NEW_NAME);
        }
        Memory all = Memory.allocate(FILE_LENGTH);
        try (ZoneFile file = disk.create(NEW_NAME)) {
            put(all, 0, first);
            file.write(0, all, 0, FILE_LENGTH);
            file.force(true);
        } finally {
            all.release();
        }
        disk.rename(NEW_NAME, NAME);
        disk.forceDirectory();
        SuperblockFile created = new SuperblockFile(disk);
        created.current = first;
        return created;
    }

    /**
     * Reads the file.
     *
     * @throws CorruptionException where no slot holds, or bytes outside the slots are not zero
     * @throws FormatVersionException where a slot holds that a newer version wrote
     */
    public static SuperblockFile open(ZoneFileSystem disk) {
        SuperblockFile opened = new SuperblockFile(disk);
        Memory all = Memory.allocate(FILE_LENGTH);
        try (ZoneFile file = disk.openReadOnly(NAME)) {
            if (file.length() != FILE_LENGTH) {
                throw new CorruptionException(NAME, 0, "a length of " + FILE_LENGTH, "" + file.length());
            }
            file.read(0, all, 0, FILE_LENGTH);
            FormatHead.checkZero(all, SLOT_LENGTH, SLOT_1_OFFSET - SLOT_LENGTH, NAME, SLOT_LENGTH);
            opened.choose(all);
            return opened;
        } finally {
            all.release();
        }
    }

    private void choose(Memory all) {
        Superblock first = readOrKeepDamage(all, 0);
        Superblock second = all.isZero(SLOT_1_OFFSET, SLOT_LENGTH) ? null : readOrKeepDamage(all, SLOT_1_OFFSET);
        if (first == null && second == null) {
            throw damage;
        }
        boolean secondIsNewer = first == null || (second != null && second.sequence() > first.sequence());
        current = secondIsNewer ? second : first;
        Superblock other = secondIsNewer ? first : second;
        long expected = current.sequence() - 1;
        if (damage == null && (other == null ? 0 : other.sequence()) != expected) {
            damage = new CorruptionException(
                    NAME,
                    (secondIsNewer ? 0 : SLOT_1_OFFSET) + SEQUENCE_OFFSET,
                    "the superblock " + expected,
                    other == null ? "an empty slot" : "the superblock " + other.sequence());
        }
    }

    private Superblock readOrKeepDamage(Memory all, int offset) {
        try {
            return read(all, offset);
        } catch (CorruptionException damaged) {
            damage = damaged;
            return null;
        }
    }

    /** The superblock in the slot at {@code offset}, which is its place in the file as well. */
    static Superblock read(Memory all, int offset) {
        FormatHead.checkIntact(all, offset, MAGIC, CRC_OFFSET, NAME, offset);
        FormatHead.checkReadable(all, offset, NAME);
        FormatHead.checkZero(all, offset + FormatHead.LENGTH, 4, NAME, (long) offset + FormatHead.LENGTH);
        FormatHead.checkZero(all, offset + USED_LENGTH, SLOT_LENGTH - USED_LENGTH, NAME, (long) offset + USED_LENGTH);
        Superblock read;
        try {
            read = new Superblock(
                    all.toArray(offset + STORE_ID_OFFSET, Superblock.ID_LENGTH),
                    all.toArray(offset + LINEAGE_OFFSET, Superblock.ID_LENGTH),
                    all.getLong(offset + INCARNATION_OFFSET),
                    all.getLong(offset + HASH_SEED_OFFSET),
                    all.getLong(offset + MANIFEST_ID_OFFSET),
                    all.getLong(offset + MANIFEST_LENGTH_OFFSET),
                    all.getLong(offset + SEQUENCE_OFFSET),
                    all.getLong(offset + CREATED_MILLIS_OFFSET));
        } catch (IllegalArgumentException outOfRange) {
            throw new CorruptionException(NAME, offset, "a superblock within limits", outOfRange.getMessage());
        }
        if (offsetOf(read.sequence()) != offset) {
            throw new CorruptionException(
                    NAME, offset + SEQUENCE_OFFSET, "a sequence number of this slot", "" + read.sequence());
        }
        return read;
    }

    static int offsetOf(long sequence) {
        return (sequence & 1) == 1 ? 0 : SLOT_1_OFFSET;
    }

    static void put(Memory memory, int offset, Superblock superblock) {
        memory.zero(offset, SLOT_LENGTH);
        FormatHead.put(memory, offset, MAGIC);
        memory.put(offset + STORE_ID_OFFSET, superblock.storeId(), 0, Superblock.ID_LENGTH);
        memory.put(offset + LINEAGE_OFFSET, superblock.lineage(), 0, Superblock.ID_LENGTH);
        memory.putLong(offset + INCARNATION_OFFSET, superblock.incarnation());
        memory.putLong(offset + HASH_SEED_OFFSET, superblock.hashSeed());
        memory.putLong(offset + MANIFEST_ID_OFFSET, superblock.manifestId());
        memory.putLong(offset + MANIFEST_LENGTH_OFFSET, superblock.manifestLength());
        memory.putLong(offset + SEQUENCE_OFFSET, superblock.sequence());
        memory.putLong(offset + CREATED_MILLIS_OFFSET, superblock.createdMillis());
        memory.putInt(offset + CRC_OFFSET, FormatHead.crc(memory, offset, CRC_OFFSET));
    }

    /** The newest superblock. */
    public Superblock current() {
        return current;
    }

    /** What is wrong with the other slot; to be reported. The next {@link #write} goes there and mends it. */
    public Optional<CorruptionException> damage() {
        return Optional.ofNullable(damage);
    }

    /** The superblock with which the next writer begins: to be written before that writer changes anything. */
    public Superblock nextWriter() {
        // A damaged slot may have been that of a writer with the next number: its marks must not pass for those of this
        // one.
        return current.withIncarnation(current.incarnation() + (damage == null ? 1 : 2));
    }

    /**
     * Whether the last writer closed the store, so that its last log ends where {@code clean} says. Not so where a slot is
     * damaged: it may have named a later writer, whose batches stand behind that place.
     *
     * @param clean the last CLEAN of the manifest, null where there is none
     */
    public boolean provesCleanClose(ManifestRecord.Clean clean) {
        return clean != null && damage == null && clean.incarnation() == current.incarnation();
    }

    /**
     * Forces the directory, writes the successor of {@link #current} and forces it: the manifest that it names cannot lose its
     * name afterwards, nor can SUPERBLOCK, whose creator may have died before it forced the directory. Where this throws, either may be found at the next open: the
     * caller writes no more.
     */
    public void write(Superblock next) {
        if (next.sequence() != current.sequence() + 1) {
            throw new IllegalArgumentException(
                    "superblock " + next.sequence() + " does not follow " + current.sequence());
        }
        disk.forceDirectory();
        Memory slot = Memory.allocate(SLOT_LENGTH);
        try (ZoneFile file = disk.open(NAME)) {
            put(slot, 0, next);
            file.write(offsetOf(next.sequence()), slot, 0, SLOT_LENGTH);
            file.force(false);
        } finally {
            slot.release();
        }
        current = next;
        damage = null;
    }
}
