package dev.cambium.benchmarks.memory;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.management.JMException;
import javax.management.ObjectName;

/** What Linux says about this process. */
final class ProcessCounters {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path IO = Path.of("/proc/self/io");

    private ProcessCounters() {}

    /** Whether they are there: on Linux. */
    static boolean areKnown() {
        return Files.isReadable(STATUS) && Files.isReadable(IO);
    }

    /** Bytes of memory that belong to no file: RssAnon. */
    static long anonymousBytes() throws IOException {
        return field(STATUS, "RssAnon") << 10;
    }

    /** System calls that read, of a file in the page cache as well; 0 where they are not known. */
    static long readCalls() throws IOException {
        return areKnown() ? field(IO, "syscr") : 0;
    }

    /** Bytes that they read. */
    static long readBytes() throws IOException {
        return areKnown() ? field(IO, "rchar") : 0;
    }

    /** Makes the C library give back what was freed, which it else keeps as it likes. Nothing happens on a JVM that cannot do it. */
    static void trim() {
        try {
            ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "systemTrimNativeHeap",
                            new Object[0],
                            new String[0]);
        } catch (JMException e) {
            // JDK 17.0.8 or older
        }
    }

    private static long field(Path file, String name) throws IOException {
        for (String line : Files.readAllLines(file)) {
            if (line.startsWith(name + ":")) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IOException("no " + name + " in " + file);
    }
}
