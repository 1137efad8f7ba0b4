package dev.cambium.segment.format;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.memory.Memory;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * The first 20 bytes of every file's head: what kind of file it is, and who can read it.
 * <pre>
 *   0          8        10       12              16            20
 *   +----------+--------+--------+---------------+-------------+
 *   | magic    | major  | minor  | incompatible  | compatible  |
 *   +----------+--------+--------+---------------+-------------+
 * </pre>
 * {@code magic} is eight ASCII characters. A reader refuses a greater {@code major} and any {@code incompatible} bit it does
 * not know; it ignores {@code minor} and {@code compatible} bits. This layout, and the place and the coverage of the checksum
 * of the head that it opens, are the same in every version to come, so the checksum is verified first: a flipped bit is
 * reported as damage, never as a newer version. Stateless; safe for any thread.
 */
public final class FormatHead {
    public static final int MAGIC_OFFSET = 0;
    public static final int MAJOR_OFFSET = 8;
    public static final int MINOR_OFFSET = 10;
    public static final int INCOMPATIBLE_OFFSET = 12;
    public static final int COMPATIBLE_OFFSET = 16;
    public static final int LENGTH = 20;

    /** The format version that is written, and the greatest major version that is read. */
    public static final int MAJOR = 1;

    public static final int MINOR = 0;

    /** The incompatible features that are read: none yet. */
    public static final int KNOWN_INCOMPATIBLE = 0;

    private FormatHead() {}

    /** Eight ASCII characters as the word that {@link Memory#getLong} reads where they stand. */
    public static long magic(String eightCharacters) {
        byte[] ascii = eightCharacters.getBytes(StandardCharsets.US_ASCII);
        return dev.cambium.segment.memory.Bytes.getLong(ascii, 0);
    }

    /** Writes the head of a file of this version without optional features. */
    public static void put(Memory memory, int offset, long magic) {
        memory.putLong(offset + MAGIC_OFFSET, magic);
        memory.putShort(offset + MAJOR_OFFSET, MAJOR);
        memory.putShort(offset + MINOR_OFFSET, MINOR);
        memory.putInt(offset + INCOMPATIBLE_OFFSET, KNOWN_INCOMPATIBLE);
        memory.putInt(offset + COMPATIBLE_OFFSET, 0);
    }

    /** Throws unless the magic is right and the CRC32C of bytes [0, crcOffset) stands at {@code crcOffset}. */
    public static void checkIntact(Memory memory, int offset, long magic, int crcOffset, String file, long fileOffset) {
        long found = memory.getLong(offset + MAGIC_OFFSET);
        if (found != magic) {
            throw new CorruptionException(file, fileOffset, "the magic " + text(magic), text(found));
        }
        int crc = crc(memory, offset, crcOffset);
        if (memory.getInt(offset + crcOffset) != crc) {
            throw new CorruptionException(
                    file,
                    fileOffset + crcOffset,
                    "the checksum " + Integer.toHexString(crc),
                    Integer.toHexString(memory.getInt(offset + crcOffset)));
        }
    }

    /** Throws unless this version can read a file with this (intact) head. */
    public static void checkReadable(Memory memory, int offset, String file) {
        int major = memory.getUnsignedShort(offset + MAJOR_OFFSET);
        if (major > MAJOR) {
            throw new FormatVersionException(
                    file,
                    "format version " + major + "." + memory.getUnsignedShort(offset + MINOR_OFFSET),
                    "format versions up to " + MAJOR);
        }
        if (major == 0) {
            throw new CorruptionException(file, MAJOR_OFFSET, "a format version of at least 1", "0");
        }
        int unknown = memory.getInt(offset + INCOMPATIBLE_OFFSET) & ~KNOWN_INCOMPATIBLE;
        if (unknown != 0) {
            throw new FormatVersionException(
                    file,
                    "the unknown incompatible features 0x" + Integer.toHexString(unknown),
                    "the features 0x" + Integer.toHexString(KNOWN_INCOMPATIBLE));
        }
    }

    /** CRC32C of {@code length} bytes. */
    public static int crc(Memory memory, int offset, int length) {
        CRC32C crc = new CRC32C();
        memory.update(crc, offset, length);
        return (int) crc.getValue();
    }

    /** Throws unless {@code length} bytes at {@code offset}, which stand at {@code fileOffset}, are zero. */
    public static void checkZero(Memory memory, int offset, int length, String file, long fileOffset) {
        int at = memory.firstNonZero(offset, length);
        if (at >= 0) {
            throw new CorruptionException(
                    file, fileOffset + (at - offset), "a zero byte", Integer.toString(memory.getUnsignedByte(at)));
        }
    }

    private static String text(long magic) {
        StringBuilder text = new StringBuilder("\"");
        for (int i = 0; i < 8; i++) {
            int c = (int) (magic >>> (8 * i)) & 0xFF;
            if (c >= 0x20 && c < 0x7F) {
                text.append((char) c);
            } else {
                text.append(String.format("\\x%02x", c));
            }
        }
        return text.append('"').toString();
    }
}
