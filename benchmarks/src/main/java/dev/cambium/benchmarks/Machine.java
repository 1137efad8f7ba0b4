package dev.cambium.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The machine as a report names it: what a reader needs to place the figures, and nothing that identifies it. */
public final class Machine {
    private static final Pattern RELEASE = Pattern.compile("\\d+(\\.\\d+)?");

    private Machine() {}

    /** Cores, memory, operating system, JDK, file system of the data, on one line. */
    public static String describe(Path directory) {
        long memoryBytes =
                ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
        Matcher release = RELEASE.matcher(System.getProperty("os.version"));
        return String.format(
                Locale.ROOT,
                "%d cores, %.0f GiB, %s %s %s, JDK %s, %s",
                Runtime.getRuntime().availableProcessors(),
                memoryBytes / (double) (1L << 30),
                System.getProperty("os.name"),
                release.find() ? release.group() : "",
                System.getProperty("os.arch"),
                System.getProperty("java.version"),
                fileSystem(directory));
    }

    private static String fileSystem(Path directory) {
        try {
            return Files.getFileStore(directory).type();
        } catch (IOException e) {
            return "file system unknown";
        }
    }
}
