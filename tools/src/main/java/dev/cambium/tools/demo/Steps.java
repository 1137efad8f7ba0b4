package dev.cambium.tools.demo;

import dev.cambium.tools.Output;
import java.util.Locale;

/** Numbers the demo's steps, says what each does, takes the time, and counts claims that do not hold. One thread. */
final class Steps {
    private final Output out;
    private int number;
    private long startedNanos;
    private int failures;

    Steps(Output out) {
        this.out = out;
    }

    /** Begins a step: one line for someone who sees this for the first time. */
    void begin(String what) {
        number++;
        out.line("%s%d. %s", number == 1 ? "" : "\n", number, what);
        out.flush();
        startedNanos = System.nanoTime();
    }

    /** Takes the time again from here. */
    void restartClock() {
        startedNanos = System.nanoTime();
    }

    double millis() {
        return (System.nanoTime() - startedNanos) / 1e6;
    }

    void tell(String format, Object... arguments) {
        out.line("   " + String.format(Locale.ROOT, format, arguments));
        out.flush();
    }

    /** Tells something, and whether it is so. */
    void claim(boolean holds, String format, Object... arguments) {
        if (!holds) {
            failures++;
        }
        tell((holds ? "ok   " : "WRONG ") + format, arguments);
    }

    /** How many claims did not hold. */
    int failures() {
        return failures;
    }
}
