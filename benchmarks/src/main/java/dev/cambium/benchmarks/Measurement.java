package dev.cambium.benchmarks;

import java.util.regex.Pattern;

/**
 * What one run of a workload on one engine has shown. Goes from the engine's JVM to the one that asked as one line of
 * text.
 *
 * @param operations how many were timed
 * @param cost how many nanoseconds all of them took, or how many bytes there are
 * @param latencies of single calls, or null where they were not timed one by one
 * @param stalls of a thread that did nothing meanwhile, or null; see {@link StallWatch}
 * @param engine what {@link Engine#describe} said
 */
public record Measurement(long operations, long cost, Latencies latencies, Latencies stalls, String engine) {
    private static final String PREFIX = "measurement\t";
    private static final Pattern TAB = Pattern.compile("\t");

    public double perSecond() {
        return operations * 1e9 / cost;
    }

    /** The cost in milliseconds or megabytes. */
    public double millions() {
        return cost / 1e6;
    }

    /** The line for {@link #parse}. */
    public String toLine() {
        return PREFIX + operations + '\t' + cost + '\t' + fields(latencies) + '\t' + fields(stalls) + '\t' + engine;
    }

    private static String fields(Latencies latencies) {
        Latencies l = latencies == null ? new Latencies(-1, -1, -1, -1) : latencies;
        return l.median() + "\t" + l.p99() + '\t' + l.p999() + '\t' + l.max();
    }

    /** Whether a line of output is a measurement. */
    public static boolean isLine(String line) {
        return line.startsWith(PREFIX);
    }

    /** What {@link #toLine} has written. */
    public static Measurement parse(String line) {
        String[] fields = TAB.split(line);
        return new Measurement(
                Long.parseLong(fields[1]),
                Long.parseLong(fields[2]),
                latencies(fields, 3),
                latencies(fields, 7),
                fields[11]);
    }

    private static Latencies latencies(String[] fields, int at) {
        Latencies latencies = new Latencies(
                Long.parseLong(fields[at]),
                Long.parseLong(fields[at + 1]),
                Long.parseLong(fields[at + 2]),
                Long.parseLong(fields[at + 3]));
        return latencies.max() < 0 ? null : latencies;
    }
}
