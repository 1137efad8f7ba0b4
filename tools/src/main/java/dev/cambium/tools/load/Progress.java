package dev.cambium.tools.load;

import java.io.PrintStream;
import java.util.Locale;

/**
 * One line on a terminal that says how far a load is, written over itself some times a second. Where nobody watches it
 * prints nothing. One thread.
 */
public final class Progress implements AutoCloseable {
    private static final long STEP_NANOS = 100_000_000;
    private static final int BAR_WIDTH = 30;

    private final PrintStream terminal;
    private final String unit;
    private final long startedNanos = System.nanoTime();
    private long shownNanos = startedNanos;
    private int shownLength;

    /**
     * @param terminal null where nobody watches
     * @param unit what is counted
     */
    public Progress(PrintStream terminal, String unit) {
        this.terminal = terminal;
        this.unit = unit;
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

    static String text(String unit, long count, long bytes, long totalBytes, double seconds) {
        String counted = String.format(Locale.ROOT, "%,d %s  %,d/s", count, unit, Math.round(count / seconds));
        if (totalBytes <= 0) {
            return counted;
        }
        double done = Math.min(1.0, bytes / (double) totalBytes);
        int filled = (int) (done * BAR_WIDTH);
        String left = bytes == 0 ? "" : String.format("  %.0f s left", seconds * (1 - done) / done);
        return String.format(
                Locale.ROOT,
                "[%s%s] %3.0f %%  %s%s",
                "#".repeat(filled),
                ".".repeat(BAR_WIDTH - filled),
                100 * done,
                counted,
                left);
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
