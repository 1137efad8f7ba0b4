package dev.cambium.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.management.JMException;
import javax.management.ObjectName;

/** What Linux says about this process. */
public final class ProcessCounters {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final Path IO = Path.of("/proc/self/io");

    private ProcessCounters() {}

    /** Whether they are there: on Linux. */
    public static boolean areKnown() {
        return Files.isReadable(STATUS) && Files.isReadable(IO);
    }

    /** Bytes of memory that belong to no file: RssAnon. */
    public static long anonymousBytes() {
        return field(STATUS, "RssAnon") << 10;
    }

    /** System calls that read, of a file in the page cache as well; 0 where they are not known. */
    public static long readCalls() {
        return areKnown() ? field(IO, "syscr") : 0;
    }

    /** Bytes that they read. */
    public static long readBytes() {
        return areKnown() ? field(IO, "rchar") : 0;
    }

    /** Bytes that block devices were asked for; what the page cache had is not among them. */
    public static long deviceReadBytes() {
        return field(IO, "read_bytes");
    }

    /** Bytes that were written to block devices, or made dirty in their cache, stores through mappings included. */
    public static long deviceWriteBytes() {
        return field(IO, "write_bytes");
    }

    /** Makes the C library give back what was freed, which it else keeps as it likes. Nothing happens on a JVM that cannot do it. */
    public static void trim() {
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

    private static long field(Path file, String name) {
        try {
            return Files.readAllLines(file).stream()
                    .filter(line -> line.startsWith(name + ":"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("no " + name + " in " + file));
        } catch (IOException e) {
            throw new UncheckedIOException("what a process does is only known on Linux", e);
        }
    }
}
