package dev.cambium.tools.load;

import dev.cambium.tools.MemorySize;
import java.io.PrintStream;
import java.util.Locale;

/**
 * One line on a terminal that says how far something is, how fast it goes and how long it takes yet, written over itself some times a second. Where nobody watches it
 * prints nothing. One thread.
 */
public final class Progress implements AutoCloseable {
    private static final long STEP_NANOS = 100_000_000;
    private static final int BAR_WIDTH = 30;
    private static final int MOST_SECONDS = 120;

    private final PrintStream terminal;
    private final String unit;
    private final long startedNanos = System.nanoTime();
    private long shownNanos = startedNanos;
    private int shownLength;

    /**
     * @param terminal null where nobody watches
     * @param unit what is counted; null for bytes
     */
    public Progress(PrintStream terminal, String unit) {
        this.terminal = terminal;
        this.unit = unit;
    }

    /** Counts bytes, of so many as there are to do. */
    public static Progress ofBytes(PrintStream terminal) {
        return new Progress(terminal, null);
    }

    /**
     * Says how far it is. Cheap: most calls print nothing.
     *
     * @param totalBytes that there are to do, 0 or less where that is not known
     */
    public void update(long count, long bytes, long totalBytes) {
        if (terminal == null) {
            return;
        }
        long now = System.nanoTime();
        if (now - shownNanos >= STEP_NANOS) {
            shownNanos = now;
            show(text(unit, count, bytes, totalBytes, (now - startedNanos) / 1e9));
        }
    }

    /** @param unit null for bytes */
    static String text(String unit, long count, long bytes, long totalBytes, double seconds) {
        String counted = unit == null
                ? MemorySize.show(bytes)
                        + (totalBytes > 0 ? " of " + MemorySize.show(totalBytes) : "")
                        + "  " + MemorySize.show(Math.round(bytes / seconds)) + "/s"
                : String.format(Locale.ROOT, "%,d %s  %,d/s", count, unit, Math.round(count / seconds));
        if (totalBytes <= 0) {
            return counted;
        }
        double done = Math.min(1.0, bytes / (double) totalBytes);
        int filled = (int) (done * BAR_WIDTH);
        return String.format(
                Locale.ROOT,
                "[%s%s] %3.0f %%  %s%s",
                "#".repeat(filled),
                ".".repeat(BAR_WIDTH - filled),
                100 * done,
                counted,
                bytes == 0 ? "" : "  " + left(seconds * (1 - done) / done));
    }

    /** Seconds as long as they are few, then minutes, then hours. */
    private static String left(double seconds) {
        if (seconds < MOST_SECONDS) {
            return String.format(Locale.ROOT, "%.0f s left", seconds);
        }
        long minutes = Math.round(seconds / 60);
        return minutes < 100 ? minutes + " min left" : String.format("%d:%02d h left", minutes / 60, minutes % 60);
    }

    private void show(String text) {
        terminal.print("\r" + text + " ".repeat(Math.max(0, shownLength - text.length())));
        terminal.flush();
        shownLength = text.length();
    }

    /** Wipes the line away. */
    @Override
    public void close() {
        if (shownLength > 0) {
            terminal.print("\r" + " ".repeat(shownLength) + "\r");
            terminal.flush();
            shownLength = 0;
        }
    }
}
