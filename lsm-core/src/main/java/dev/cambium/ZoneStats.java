package dev.cambium;

/**
 * A zone file.
 *
 * @param number of the zone, never used again
 * @param stream what goes there: pages that are likely to die together
 * @param bytes of the file, as far as it counts
 * @param punchedBytes of those, given back to the file system: holes, which read as zeros
 * @param liveBytes of pages in it that runs are made of, padding included
 * @param isOpen whether pages are still appended to it
 */
public record ZoneStats(int number, Stream stream, long bytes, long punchedBytes, long liveBytes, boolean isOpen) {
    /** What goes to a zone. */
    public enum Stream {
        /** Pages of young runs. */
        YOUNG,
        /** Pages of the base. */
        BASE,
        /** Values of 1 KiB to 1 MiB. */
        VALUES,
        /** Of those, what outlived the values around it, and was moved. */
        MOVED_VALUES,
        /** The chunks of values of more than 1 MiB. */
        LONG_VALUES
    }

    /** Bytes that it takes: those of the file, less its holes. */
    public long takenBytes() {
        return bytes - punchedBytes;
    }

    /** Which part of what it takes is live. */
    public double fill() {
        return takenBytes() == 0 ? 0 : (double) liveBytes / takenBytes();
    }
}
