package dev.cambium.tools;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.error.MemoryBudgetException;
import dev.cambium.error.NoStoreException;
import dev.cambium.error.StoreException;
import dev.cambium.error.StoreLockedException;
import java.io.UncheckedIOException;

/** What the command's exit code says, and which failure leads to which. */
public final class ExitCode {
    public static final int OK = 0;

    /** The answer is no: the key or keyspace is absent, there are findings, a line to be loaded is malformed. */
    public static final int NO = 1;

    /** The command line does not fit: wrong arguments, no store there, no such input file, nothing there to be compacted. */
    public static final int USAGE = 2;

    public static final int LOCKED = 3;

    /** Bytes on disk are damaged, or a newer Cambium wrote them. */
    public static final int CORRUPT = 4;

    /**
     * The system did not give what was needed: a read or write failed, the disk is full, the memory budget is used up.
     */
    public static final int IO = 5;

    /** How every command's help ends. */
    static final String HELP = "Exit code: 0 done; 1 the answer is no (absent key, findings, malformed line);%n"
            + "2 wrong arguments, no store or no input file there; 3 another process has the store open;%n"
            + "4 damaged, or written by a newer version; 5 I/O error, disk full or memory budget used up.";

    private ExitCode() {}

    static int of(Throwable failure) {
        if (failure instanceof CommandException command) {
            return command.exitCode();
        } else if (failure instanceof NoStoreException || failure instanceof IllegalArgumentException) {
            return USAGE;
        } else if (failure instanceof StoreLockedException) {
            return LOCKED;
        } else if (failure instanceof CorruptionException || failure instanceof FormatVersionException) {
            return CORRUPT;
        }
        return IO;
    }

    /** What is printed behind {@code cambium: }, without a line break. */
    static String message(Throwable failure) {
        String message = failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
        if (failure instanceof MemoryBudgetException) {
            message = message.replace("a larger Options.memoryBudget", "a larger --memory-budget");
        } else if (failure instanceof OutOfMemoryError) {
            message = "out of memory (" + message + "): use a smaller --memory-budget or give the JVM more";
        } else if (failure instanceof UncheckedIOException io && io.getCause() != null) {
            message = io.getCause().getMessage() == null
                    ? io.getCause().getClass().getSimpleName()
                    : io.getMessage();
        } else if (!(failure instanceof StoreException
                || failure instanceof CommandException
                || failure instanceof IllegalArgumentException)) {
            message = "this should not happen: " + failure + " (--debug shows where)";
        }
        return message.strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
