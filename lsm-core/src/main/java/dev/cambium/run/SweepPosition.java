package dev.cambium.run;

import dev.cambium.segment.manifest.Stretch;
import java.util.Arrays;
import java.util.Deque;
import java.util.function.IntFunction;

/**
 * How far a sweep of the base has come, which goes round and round in the order of keys. Whatever comes between, a flush, a merge of tiers, a cleaning, it goes
 * on where it was: what it left out would be written to zones among others, and those zones would die bit by bit in the place of whole. For one thread.
 */
final class SweepPosition {
    private byte[] next = {};

    /** Stretches up to the end of this one have been planned. */
    void passTo(Stretch last) {
        next = last.to() == null ? new byte[0] : last.to();
    }

    /** What is left of a plan is not carried out. */
    void leaveOff(Deque<BaseChoice.Range> planned) {
        if (!planned.isEmpty()) {
            next = planned.peek().stretch().from();
        }
    }

    /**
     * Where to go on.
     *
     * @param count of ranges, in the order of keys, which together have all keys
     * @return the first that begins there or behind; {@code count} where none does
     */
    int first(int count, IntFunction<Stretch> ranges) {
        int first = 0;
        while (first < count && Arrays.compareUnsigned(ranges.apply(first).from(), next) < 0) {
            first++;
        }
        return first;
    }
}
