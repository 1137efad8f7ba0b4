package dev.cambium;

import java.util.Arrays;

/**
 * What is to be compacted, and how far. Immutable; each {@code with…} method returns a copy with one setting changed.
 *
 * @param keyspace whose keys are meant; null for those of all keyspaces and the store's own
 * @param from no key below it is meant; null for no bound
 * @param to only keys below it are meant; null for no bound
 * @param targetSpaceAmplification 0 to write all that is meant anew, in order; else bytes of zones for each byte that is alive, 1.05 or more, that are
 *     aimed at: then only what younger runs have is merged, pages that need not be touched stay where they are, and zones are cleaned
 */
public record Compaction(Keyspace keyspace, byte[] from, byte[] to, double targetSpaceAmplification) {
    /** The least target: there are always zones that are being written, and what dies meanwhile. */
    public static final double LEAST_TARGET = 1.05;

    /** All there is, written anew. */
    public static final Compaction EVERYTHING = new Compaction(null, null, null, 0);

    public Compaction {
        if (targetSpaceAmplification != 0) {
            checkTarget(targetSpaceAmplification);
        }
        if (keyspace == null && (from != null || to != null)) {
            throw new IllegalArgumentException(
                    "a range is of one keyspace: give it with one; that of the store itself is Store.ownKeyspace()");
        }
        if (from != null && to != null && Arrays.compareUnsigned(from, to) >= 0) {
            throw new IllegalArgumentException(
                    "the range starts at " + show(from) + " and ends at " + show(to) + ": it must start below its end");
        }
    }

    static void checkTarget(double target) {
        if (!(target >= LEAST_TARGET) || target > 1000) {
            throw new IllegalArgumentException(
                    "the target of space amplification is " + target + ", must be " + LEAST_TARGET + " to 1000");
        }
    }

    private static String show(byte[] key) {
        StringBuilder shown = new StringBuilder("\"");
        for (byte each : key) {
            boolean isPlain = each >= ' ' && each < 0x7f && each != '"' && each != '\\';
            shown.append(isPlain ? String.valueOf((char) each) : String.format("\\x%02X", each));
        }
        return shown.append('"').toString();
    }

    /** The keys of one keyspace. */
    public Compaction withKeyspace(Keyspace one) {
        return new Compaction(one, from, to, targetSpaceAmplification);
    }

    /** Keys from {@code first} on, up to {@code end}, which is not meant; null for no bound. */
    public Compaction withRange(byte[] first, byte[] end) {
        return new Compaction(keyspace, first, end, targetSpaceAmplification);
    }

    public Compaction withTargetSpaceAmplification(double target) {
        checkTarget(target);
        return new Compaction(keyspace, from, to, target);
    }
}
