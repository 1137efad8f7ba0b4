package dev.cambium;

/**
 * A zone file.
 *
 * @param number of the zone, never used again
 * @param stream what goes there: pages that are likely to die together
 * @param bytes of the file, as far as it counts
 * @param liveBytes of pages in it that runs are made of, padding included
 * @param isOpen whether pages are still appended to it
 */
public record ZoneStats(int number, Stream stream, long bytes, long liveBytes, boolean isOpen) {
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

    /** Which part of it is live. */
    public double fill() {
        return bytes == 0 ? 0 : (double) liveBytes / bytes;
    }
}
