package dev.cambium.version;

import dev.cambium.memtable.Memtable;
import java.util.ArrayList;
import java.util.List;

/**
 * The parts that make up the store's content at one time. Immutable, though the active memtable's tree goes on changing; whoever
 * reads it claims an epoch slot first and reads the version after.
 *
 * @param active takes the writes
 * @param sealed memtables that take none any more, newest first
 */
public record Version(Memtable active, List<Memtable> sealed) {
    public Version {
        sealed = List.copyOf(sealed);
    }

    /** Off-heap bytes of all memtables. */
    public long capacityBytes() {
        long sum = active.capacityBytes();
        for (Memtable memtable : sealed) {
            sum += memtable.capacityBytes();
        }
        return sum;
    }

    /** The version after the active memtable was sealed. */
    public Version sealing(Memtable nextActive) {
        List<Memtable> all = new ArrayList<>(sealed.size() + 1);
        all.add(active);
        all.addAll(sealed);
        return new Version(nextActive, all);
    }
}
