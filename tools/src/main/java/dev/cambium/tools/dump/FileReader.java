package dev.cambium.tools.dump;

import dev.cambium.error.StoreIOException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.memory.Memory;
import dev.cambium.tools.CommandException;
import dev.cambium.tools.ExitCode;
import java.util.HexFormat;

/** What the readers share: getting bytes of a file, and the checks of every head. Stateless. */
final class FileReader {
    private FileReader() {}

    /** Opens a file to read it, or says which files there are. */
    static ZoneFile open(ZoneFileSystem disk, String name) {
        ZoneFile file = openIfThere(disk, name);
        if (file == null) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "there is no " + name + " at " + disk.describe()
                            + (disk.directoryExists() ? "; there are " + String.join(", ", disk.list()) : ""));
        }
        return file;
    }

    /** Opens a file to read it; null where there is none, also if a writer has just deleted it. */
    static ZoneFile openIfThere(ZoneFileSystem disk, String name) {
        if (!disk.directoryExists() || !disk.exists(name)) {
            return null;
        }
        try {
            return disk.openReadOnly(name);
        } catch (StoreIOException e) {
            if (disk.exists(name)) {
                throw e;
            }
            return null;
        }
    }

    /** The first {@code length} bytes; zeros where the file has fewer. The caller releases them. */
    static Memory read(ZoneFile file, int length) {
        Memory memory = Memory.allocate(length);
        int there = (int) Math.min(length, file.length());
        if (there > 0) {
            file.read(0, memory, 0, there);
        }
        return memory;
    }

    /** Checks magic, version, feature bits, and the CRC32C of [0, crcOffset) that stands at crcOffset. */
    static void checkHead(Part part, Memory memory, int offset, String magic, int crcOffset) {
        if (memory.getLong(offset) != FormatHead.magic(magic)) {
            part.broken("the magic is not " + magic);
        }
        checkCrc(part, memory.getInt(offset + crcOffset), FormatHead.crc(memory, offset, crcOffset));
        int major = memory.getUnsignedShort(offset + FormatHead.MAJOR_OFFSET);
        int incompatible = memory.getInt(offset + FormatHead.INCOMPATIBLE_OFFSET);
        if (part.holds() && (major != FormatHead.MAJOR || (incompatible & ~FormatHead.KNOWN_INCOMPATIBLE) != 0)) {
            part.broken("a newer version wrote it; it may mean something else than is shown");
        }
    }

    static void checkCrc(Part part, int found, int computed) {
        if (found != computed) {
            part.broken(
                    "the crc does not hold, it should be 0x" + HexFormat.of().toHexDigits(computed));
        }
    }
}
