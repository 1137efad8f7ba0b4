package dev.cambium.tools;

import java.io.Console;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * What a command reads and writes: results go to {@code out}, all else to {@code err}.
 *
 * @param errIsTerminal whether someone watches {@code err}, so that progress is welcome
 */
public record Streams(InputStream in, Output out, PrintStream err, boolean errIsTerminal) {
    /**
     * Set by the script, which can tell for certain; without it, only a JVM all of whose streams are a terminal counts.
     */
    private static final String PROPERTY = "cambium.stderr.terminal";

    static Streams of(InputStream in, OutputStream out, OutputStream err, boolean errIsTerminal) {
        return new Streams(in, new Output(out), new PrintStream(err, true, StandardCharsets.UTF_8), errIsTerminal);
    }

    /** Whether the JVM's standard error is a terminal. */
    static boolean standardErrorIsTerminal() {
        String told = System.getProperty(PROPERTY);
        if (told != null) {
            return Boolean.parseBoolean(told);
        }
        Console console = System.console();
        if (console == null || Runtime.version().feature() < 22) {
            return console != null;
        }
        try { // from 22 on there is a console without a terminal too, and a method that tells
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }
}
