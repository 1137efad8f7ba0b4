package dev.cambium.segment.manifest;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.error.WriterFailedException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.format.RangeChecksums;
import dev.cambium.segment.memory.Memory;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The file {@code manifest-<id>}: a header, then edits, each forced before the next is written.
 * <pre>
 *   0      20     24        40           48     60    64       (multiples of 8)
 *   +------+------+---------+------------+------+-----+--------+--------+---
 *   | head | zero | storeId | manifestId | zero | crc | edit   | edit   | …
 *   +------+------+---------+------------+------+-----+--------+--------+---
 *      20     4       16         u64        12    u32
 * </pre>
 * Little-endian. {@code head} is a {@link FormatHead} with the magic "CAMB-MAN"; {@code crc} is CRC32C over bytes [0, 60).
 * {@link ManifestCodec} has the edits. The first edit says all that is true at its version, or begins to: where that is long, some edits behind
 * it go on. Each later one has the version of the one before plus one.
 *
 * <p>Durability: an edit survives a power loss once {@link #create} or {@link #append} has returned (and, for a new file, its
 * directory has been forced). Errors: a failed append is final, every later one throws {@link WriterFailedException}. Ownership:
 * whoever made it closes it. Single-threaded.
 */
public final class ManifestFile implements AutoCloseable {
    public static final int HEADER_LENGTH = 64;

    /** An append beyond this is refused; long before, a new manifest is due. */
    public static final int MAX_FILE_LENGTH = 1 << 30;

    static final int STORE_ID_OFFSET = 24;
    static final int MANIFEST_ID_OFFSET = 40;
    static final int ZERO_OFFSET = 48;
    static final int CRC_OFFSET = 60;
    static final long MAGIC = FormatHead.magic("CAMB-MAN");

    private static final String PREFIX = "manifest-";
    private static final int DIGITS = 16;

    private final ZoneFile file;
    private final long id;
    private long length;
    private long version;
    private RuntimeException failure;

    private ManifestFile(ZoneFile file, long id, long length, long version) {
        this.file = file;
        this.id = id;
        this.length = length;
        this.version = version;
    }

    /** The file name of a manifest: {@code manifest-} and 16 hexadecimal digits. */
    public static String name(long id) {
        return String.format(PREFIX + "%0" + DIGITS + "x", id);
    }

    /** The id in the file name of a manifest, or -1 where the name is none. */
    public static long idOf(String name) {
        if (!name.matches(PREFIX + "[0-7][0-9a-f]{15}")) {
            return -1;
        }
        return HexFormat.fromHexDigitsToLong(name, PREFIX.length(), name.length());
    }

    /** As {@link #create(ZoneFileSystem, long, byte[], List)}, with one edit. */
    public static ManifestFile create(ZoneFileSystem disk, long id, byte[] storeId, ManifestEdit snapshot) {
        return create(disk, id, storeId, List.of(snapshot));
    }

    /**
     * Makes a new manifest that begins with {@code snapshot}, one edit or more, and forces it. It counts once the directory has been forced and a
     * superblock names it, with all of its length.
     */
    public static ManifestFile create(ZoneFileSystem disk, long id, byte[] storeId, List<ManifestEdit> snapshot) {
        if (id <= 0 || storeId.length != Superblock.ID_LENGTH) {
            throw new IllegalArgumentException(
                    "manifest id " + id + ", must be 1 or more; store id of " + storeId.length + " bytes, must be 16");
        }
        Memory header = Memory.allocate(HEADER_LENGTH);
        ZoneFile file = null;
        try {
            FormatHead.put(header, 0, MAGIC);
            header.put(STORE_ID_OFFSET, storeId, 0, Superblock.ID_LENGTH);
            header.putLong(MANIFEST_ID_OFFSET, id);
            header.putInt(CRC_OFFSET, FormatHead.crc(header, 0, CRC_OFFSET));
            file = disk.create(name(id));
            file.write(0, header, 0, HEADER_LENGTH);
            long length = HEADER_LENGTH;
            for (ManifestEdit edit : snapshot) {
                length += write(file, edit, id, length);
            }
            file.force(true);
            return new ManifestFile(
                    file, id, length, snapshot.get(snapshot.size() - 1).version());
        } catch (RuntimeException | Error e) {
            closeAfter(file, e);
            throw e;
        } finally {
            header.release();
        }
    }

    /** Writes an edit, unforced; returns how long it is. */
    private static int write(ZoneFile file, ManifestEdit edit, long id, long at) {
        Memory frame = encode(edit, id, at);
        try {
            file.write(at, frame, 0, frame.capacity());
            return frame.capacity();
        } finally {
            frame.release();
        }
    }

    private static Memory encode(ManifestEdit edit, long id, long at) {
        Memory frame = ManifestCodec.encode(edit, id, at);
        if (frame.capacity() > MAX_FILE_LENGTH - at) {
            int length = frame.capacity();
            frame.release();
            throw new IllegalArgumentException(name(id) + " has " + at + " bytes, no room for an edit of " + length);
        }
        return frame;
    }

    private static void closeAfter(ZoneFile file, Throwable failure) {
        try {
            if (file != null) {
                file.close();
            }
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /**
     * Opens a manifest to append behind what {@link #read} found, which must not have had a torn tail, and forces it: what was read
     * may have stood in the page cache only, left by a process that died before its force.
     */
    public static ManifestFile openForAppend(ZoneFileSystem disk, long id, ManifestReading reading) {
        if (reading.tornTail()) {
            throw new IllegalArgumentException(name(id) + " has a torn tail: write a new manifest");
        }
        ZoneFile file = disk.open(name(id));
        try {
            file.force(true);
        } catch (RuntimeException e) {
            closeAfter(file, e);
            throw e;
        }
        return new ManifestFile(file, id, reading.validLength(), reading.state().version());
    }

    /** Appends an edit and forces it. */
    public void append(ManifestEdit edit) {
        if (failure != null) {
            throw new WriterFailedException(failure);
        }
        if (edit.version() != version + 1) {
            throw new IllegalArgumentException("version " + edit.version() + " does not follow " + version);
        }
        Memory frame = encode(edit, id, length);
        try {
            write(frame);
            length += frame.capacity();
            version = edit.version();
        } finally {
            frame.release();
        }
    }

    private void write(Memory frame) {
        try {
            file.write(length, frame, 0, frame.capacity());
            file.force(true);
        } catch (RuntimeException e) {
            failure = e;
            throw e;
        }
    }

    public long id() {
        return id;
    }

    /** Bytes in the file, all forced. */
    public long length() {
        return length;
    }

    /** The version that the last edit leads to. */
    public long version() {
        return version;
    }

    @Override
    public void close() {
        file.close();
    }

    /**
     * Reads a whole manifest.
     *
     * @param committedLength bytes of the file that are known to be forced, from the superblock; 0 where that is not known
     * @throws CorruptionException where an edit below {@code committedLength} does not hold, or one that a valid edit follows, or
     *     the edits contradict each other
     * @throws dev.cambium.error.FormatVersionException where a newer version wrote it
     */
    public static ManifestReading read(ZoneFileSystem disk, long id, byte[] storeId, long committedLength) {
        String name = name(id);
        try (ZoneFile file = disk.openReadOnly(name)) {
            long fileLength = file.length();
            if (fileLength < Math.max(HEADER_LENGTH, committedLength) || fileLength > MAX_FILE_LENGTH) {
                throw new CorruptionException(
                        name,
                        fileLength,
                        "a length of " + Math.max(HEADER_LENGTH, committedLength) + " to " + MAX_FILE_LENGTH,
                        "" + fileLength);
            }
            Memory all = Memory.allocate((int) fileLength);
            try {
                file.read(0, all, 0, (int) fileLength);
                checkHeader(all, id, storeId, name);
                return readEdits(all, id, name, committedLength);
            } finally {
                all.release();
            }
        }
    }

    /**
     * Reads the edits that hold and agree from the first on, whatever the header says and whatever stands behind them: for tools that show
     * a damaged store. Whoever relies on a manifest uses {@link #read}.
     */
    public static ManifestReading readBeginning(ZoneFileSystem disk, long id) {
        String name = name(id);
        try (ZoneFile file = disk.openReadOnly(name)) {
            int fileLength = (int) Math.min(file.length(), MAX_FILE_LENGTH);
            Memory all = Memory.allocate(Math.max(HEADER_LENGTH, fileLength));
            try {
                file.read(0, all, 0, fileLength);
                Fold fold = new Fold(all, fileLength, id, name);
                try {
                    fold.run();
                } catch (CorruptionException | FormatVersionException e) {
                    // What came before still holds; `read` says what is wrong.
                }
                return fold.reading();
            } finally {
                all.release();
            }
        }
    }

    private static void checkHeader(Memory all, long id, byte[] storeId, String name) {
        FormatHead.checkIntact(all, 0, MAGIC, CRC_OFFSET, name, 0);
        FormatHead.checkReadable(all, 0, name);
        FormatHead.checkZero(all, FormatHead.LENGTH, STORE_ID_OFFSET - FormatHead.LENGTH, name, FormatHead.LENGTH);
        FormatHead.checkZero(all, ZERO_OFFSET, CRC_OFFSET - ZERO_OFFSET, name, ZERO_OFFSET);
        if (!all.equal(STORE_ID_OFFSET, storeId, 0, Superblock.ID_LENGTH)) {
            throw new CorruptionException(
                    name,
                    STORE_ID_OFFSET,
                    "a file of the store " + HexFormat.of().formatHex(storeId),
                    "one of the store " + HexFormat.of().formatHex(all.toArray(STORE_ID_OFFSET, Superblock.ID_LENGTH)));
        }
        if (all.getLong(MANIFEST_ID_OFFSET) != id) {
            throw new CorruptionException(
                    name, MANIFEST_ID_OFFSET, "the manifest id " + id, "" + all.getLong(MANIFEST_ID_OFFSET));
        }
    }

    private static ManifestReading readEdits(Memory all, long id, String name, long committedLength) {
        int end = all.capacity();
        Fold fold = new Fold(all, end, id, name);
        fold.run();
        int at = fold.at;
        if (at < committedLength || fold.edits.isEmpty()) {
            throw new CorruptionException(
                    name, at, "an edit that holds, as one was forced here", "one with a wrong length or checksum");
        }
        RangeChecksums checksums = at < end ? new RangeChecksums(all, 0, end) : null;
        for (int later = at + ManifestCodec.ALIGNMENT; later < end; later += ManifestCodec.ALIGNMENT) {
            if (ManifestCodec.isValid(all, later, id, checksums)) {
                throw new CorruptionException(
                        name,
                        at,
                        "an edit that holds before the one at " + later,
                        "one with a wrong length or checksum");
            }
        }
        return fold.reading();
    }

    /** The edits of a manifest in memory, one after the other up to the first that does not hold. */
    private static final class Fold {
        private final Memory all;
        private final int end;
        private final long id;
        private final String name;
        private final List<ManifestEdit> edits = new ArrayList<>();
        private final List<Long> offsets = new ArrayList<>();
        private ManifestState state = ManifestState.EMPTY;
        private int at = HEADER_LENGTH;

        Fold(Memory all, int end, long id, String name) {
            this.all = all;
            this.end = end;
            this.id = id;
            this.name = name;
        }

        void run() {
            while (at < end && ManifestCodec.isValid(all, at, end, id, at)) {
                ManifestEdit edit = ManifestCodec.decode(all, at, name, at);
                if (!edits.isEmpty() && edit.version() != state.version() + 1) {
                    throw new CorruptionException(
                            name,
                            at + ManifestCodec.VERSION_OFFSET,
                            "version " + (state.version() + 1),
                            "" + edit.version());
                }
                state = state.apply(edit, name, at);
                edits.add(edit);
                offsets.add((long) at);
                at += all.getInt(at + ManifestCodec.LENGTH_OFFSET);
            }
        }

        ManifestReading reading() {
            return new ManifestReading(edits, offsets, at, end, state);
        }
    }
}
