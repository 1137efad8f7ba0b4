package dev.cambium.tools;

import dev.cambium.Options;
import picocli.CommandLine.Option;

/** The option that says how many threads merge at the same time. */
final class ThreadsOption {
    private static final int MOST_CHOSEN = 8;
    private static final long BUDGET_OF_THREAD = 32L << 20;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = {
                "Threads that merge at the same time, 1 to 16. Unless given, one for each processor but one, and for",
                "every 32 MiB of the memory budget, 8 at most."
            })
    private Integer threads;

    /** The options with as many threads. Nobody writes beside them; what the JVM compiles and the system writes takes a processor. */
    Options in(Options options) {
        if (threads == null) {
            long most = Math.min(MOST_CHOSEN, options.memoryBudget() / BUDGET_OF_THREAD);
            return options.withMergeThreads(
                    (int) Math.max(1, Math.min(most, Runtime.getRuntime().availableProcessors() - 1)));
        }
        if (threads < 1 || threads > Options.MAX_MERGE_THREADS) {
            throw new IllegalArgumentException(
                    "--threads is " + threads + ", must be 1 to " + Options.MAX_MERGE_THREADS);
        }
        return options.withMergeThreads(threads);
    }
}
