package dev.cambium.segment.pool;

import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Who holds which part of a store's off-heap memory, at one moment.
 *
 * @param limitBytes of the budget
 * @param totalBytes that the store has from the system: those of all uses, and those that are free
 * @param bytes by use
 * @param freeBytes that nobody uses now
 */
public record MemoryAccount(long limitBytes, long totalBytes, Map<MemoryUse, Long> bytes, long freeBytes) {
    public MemoryAccount {
        bytes = Map.copyOf(bytes);
    }

    static MemoryAccount of(long limitBytes, long totalBytes, long[] byUse, long freeBytes) {
        Map<MemoryUse, Long> bytes = new EnumMap<>(MemoryUse.class);
        for (MemoryUse use : MemoryUse.values()) {
            bytes.put(use, byUse[use.ordinal()]);
        }
        return new MemoryAccount(limitBytes, totalBytes, bytes, freeBytes);
    }

    /** Bytes of one use. */
    public long of(MemoryUse use) {
        return bytes.get(use);
    }

    /** In words: who holds what, the largest first. */
    public String describe() {
        return bytes.entrySet().stream()
                        .filter(entry -> entry.getValue() > 0)
                        .sorted(Map.Entry.<MemoryUse, Long>comparingByValue().reversed())
                        .map(entry -> entry.getKey().label() + " " + entry.getValue())
                        .collect(Collectors.joining(", "))
                + (freeBytes > 0 ? ", free but in pieces " + freeBytes : "");
    }
}
