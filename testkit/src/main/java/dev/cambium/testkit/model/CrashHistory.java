package dev.cambium.testkit.model;

import dev.cambium.testkit.disk.CrashKind;
import java.util.ArrayList;
import java.util.List;

/**
 * What a workload had come to when the process died: each step that was begun, in order, and how it ended.
 *
 * @param crash how the process died; where it died more than once before the store was read, the worse way
 * @param closed whether a clean close had returned after the last step
 */
public record CrashHistory<O extends WorkloadStep>(CrashKind crash, List<Begun<O>> steps, boolean closed) {
    /** How a step ended. */
    public enum End {
        /** It returned: its promise holds. */
        ACKNOWLEDGED,
        /** The process died in it, or it failed without saying that nothing happened: it is there wholly or not at all. */
        UNKNOWN,
        /** It failed and said that nothing happened: it must not be there. */
        REFUSED
    }

    /** A step that was begun. */
    public record Begun<O extends WorkloadStep>(O step, End end) {}

    public CrashHistory {
        steps = List.copyOf(steps);
        for (int i = 0; i < steps.size() - 1; i++) {
            if (steps.get(i).end() == End.UNKNOWN) {
                throw new IllegalArgumentException("only the last step may be unknown, not step " + i);
            }
        }
    }

    /** The same steps, when a further crash has followed. */
    public CrashHistory<O> andThen(CrashKind next) {
        return new CrashHistory<>(crash.worse(next), steps, closed);
    }

    /** The steps that may have an effect: all but those which were refused. */
    public List<O> possible() {
        List<O> possible = new ArrayList<>();
        for (Begun<O> begun : steps) {
            if (begun.end() != End.REFUSED) {
                possible.add(begun.step());
            }
        }
        return possible;
    }

    /**
     * How many of the {@link #possible} steps, from the first, are durable with all they wrote: up to the last acknowledged
     * one that makes all before it durable.
     */
    public int durableCount() {
        List<O> possible = possible();
        if (closed) {
            return possible.size();
        }
        for (int i = acknowledgedCount(); i > 0; i--) {
            if (possible.get(i - 1).makesAllDurable()) {
                return i;
            }
        }
        return 0;
    }

    /**
     * How many of the {@link #possible} steps, from the first, must be there as far as they are logged: up to the last
     * acknowledged one whose promise survives this kind of crash, for the log keeps the order.
     */
    public int loggedCount() {
        List<O> possible = possible();
        int durable = durableCount();
        for (int i = acknowledgedCount(); i > durable; i--) {
            if (possible.get(i - 1).durability().survives(crash)) {
                return i;
            }
        }
        return durable;
    }

    /** Whether the step at an index of {@link #possible} must be there after the crash. */
    public boolean mustSurvive(int index) {
        return index < durableCount()
                || index < loggedCount() && possible().get(index).durability().isLogged();
    }

    private int acknowledgedCount() {
        int count = possible().size();
        boolean lastUnknown = !steps.isEmpty() && steps.get(steps.size() - 1).end() == End.UNKNOWN;
        return lastUnknown ? count - 1 : count;
    }
}
