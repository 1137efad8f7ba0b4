package dev.cambium.testkit.disk;

import java.util.ArrayList;
import java.util.List;

/**
 * The failures a disk is to have: rules, each with its own count of what it has seen, and a capacity.
 *
 * <p>A failed force follows what Linux does: the unforced sectors of the file count as clean from then on, so that the next
 * force returns without an error although they are not on the medium, and a power loss takes them. Only a later write to the
 * same sector brings it back. A failed force of the directory leaves its changes unforced. Other failed operations change
 * nothing, except that a write may leave its first bytes behind.
 *
 * <p>A plan belongs to one disk; safe for any thread.
 */
public final class FaultPlan {
    private static final class Counted {
        final FaultRule rule;
        long seen;

        Counted(FaultRule rule) {
            this.rule = rule;
        }
    }

    private final List<Counted> rules = new ArrayList<>();
    private long capacityBytes = Long.MAX_VALUE;
    private long failures;

    /** Adds a rule, which counts operations from now on. */
    public synchronized FaultPlan add(FaultRule rule) {
        rules.add(new Counted(rule));
        return this;
    }

    /** Limits the sum of all files' lengths, holes left out: a write that would grow a file beyond fails for lack of room. */
    public synchronized FaultPlan capacityBytes(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("capacityBytes is " + bytes + ", must not be negative");
        }
        capacityBytes = bytes;
        return this;
    }

    public synchronized long capacityBytes() {
        return capacityBytes;
    }

    /** Drops all rules and the capacity: the disk has been repaired. */
    public synchronized void clear() {
        rules.clear();
        capacityBytes = Long.MAX_VALUE;
    }

    /** How many operations a rule has let fail; a test that injects a fault asserts that it was met. */
    public synchronized long failures() {
        return failures;
    }

    /** The rule by which this operation fails, or null. */
    synchronized FaultRule match(OperationKind kind, String file) {
        FaultRule found = null;
        for (Counted counted : rules) {
            FaultRule rule = counted.rule;
            if (rule.matches(kind, file)) {
                counted.seen++;
                if (counted.seen == rule.first() || rule.forever() && counted.seen > rule.first()) {
                    found = rule;
                }
            }
        }
        if (found != null) {
            failures++;
        }
        return found;
    }
}
