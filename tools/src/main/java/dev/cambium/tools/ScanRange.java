package dev.cambium.tools;

import dev.cambium.KeyRange;
import java.util.Arrays;
import picocli.CommandLine.Option;

/** The part of the keys that a scan is about: what {@code --from}, {@code --to} and {@code --prefix} have in common. */
final class ScanRange {
    @Option(names = "--from", paramLabel = "KEY", description = "Begin with this key, or the first one after it.")
    private String from;

    @Option(names = "--to", paramLabel = "KEY", description = "End before this key.")
    private String to;

    @Option(names = "--prefix", paramLabel = "KEY", description = "Only keys that begin with this.")
    private String prefix;

    KeyRange range() {
        byte[] lower = from == null ? null : Escapes.parse("--from", from);
        byte[] upper = to == null ? null : Escapes.parse("--to", to);
        if (prefix != null) {
            byte[] first = Escapes.parse("--prefix", prefix);
            byte[] behind = behind(first);
            lower = lower == null || Arrays.compareUnsigned(lower, first) < 0 ? first : lower;
            upper = upper == null || (behind != null && Arrays.compareUnsigned(behind, upper) < 0) ? behind : upper;
        }
        if (lower == null) {
            return upper == null ? KeyRange.all() : KeyRange.below(upper);
        }
        return upper == null ? KeyRange.from(lower) : KeyRange.between(lower, upper);
    }

    /** The first key behind all that begin with {@code prefix}, or null where none is. */
    private static byte[] behind(byte[] prefix) {
        int length = prefix.length;
        while (length > 0 && prefix[length - 1] == (byte) 0xFF) {
            length--; // this byte cannot be counted up, so the one before it is
        }
        if (length == 0) {
            return null;
        }
        byte[] behind = Arrays.copyOf(prefix, length);
        behind[length - 1]++;
        return behind;
    }
}
