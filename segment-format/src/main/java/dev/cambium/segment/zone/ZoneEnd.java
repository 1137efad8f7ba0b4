package dev.cambium.segment.zone;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.memory.Memory;

/**
 * What a sealed zone ends with: the directory, read and checked, and how many pages it has. Ownership: {@link #close} gives the memory back.
 */
final class ZoneEnd implements AutoCloseable {
    private final Memory directory;
    private final int count;
    private final int dataEnd;

    private ZoneEnd(Memory directory, int count, int dataEnd) {
        this.directory = directory;
        this.count = count;
        this.dataEnd = dataEnd;
    }

    /**
     * Reads footer and directory.
     *
     * @param length what counts of the file
     * @throws CorruptionException where those do not hold
     */
    static ZoneEnd read(ZoneFile file, int zone, long length) {
        long footerAt = length - ZoneFooter.LENGTH;
        if (file.length() < length || footerAt < ZoneHeader.LENGTH) {
            throw new CorruptionException(
                    file.name(), 0, "a sealed zone of " + length + " bytes", file.length() + " bytes");
        }
        Memory footer = Memory.allocate(ZoneFooter.LENGTH);
        Memory directory = null;
        try {
            file.read(footerAt, footer, 0, ZoneFooter.LENGTH);
            ZoneFooter.check(footer, 0, zone, file.name(), footerAt);
            int count = footer.getInt(ZoneFooter.COUNT_OFFSET);
            int dataEnd = footer.getInt(ZoneFooter.DATA_END_OFFSET);
            directory = Memory.allocate((int) ZoneDirectory.paddedLength(count));
            file.read(dataEnd, directory, 0, directory.capacity());
            ZoneDirectory.check(directory, 0, count, file.name(), dataEnd);
            ZoneEnd end = new ZoneEnd(directory, count, dataEnd);
            directory = null;
            return end;
        } finally {
            footer.release();
            if (directory != null) {
                directory.release();
            }
        }
    }

    /** Entries of {@link ZoneDirectory#ENTRY_LENGTH} bytes. */
    Memory directory() {
        return directory;
    }

    /** Pages that the directory has. */
    int count() {
        return count;
    }

    /** Where the last of them ends, and the directory begins. */
    int dataEnd() {
        return dataEnd;
    }

    @Override
    public void close() {
        directory.release();
    }
}
