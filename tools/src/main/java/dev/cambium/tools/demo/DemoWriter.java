package dev.cambium.tools.demo;

import dev.cambium.Store;
import dev.cambium.tools.Output;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** The demo's second process: writes numbered entries one by one, and tells each number once its write has returned. */
public final class DemoWriter {
    /** So that a writer that nobody kills ends. */
    private static final int MOST = 1_000_000;

    private DemoWriter() {}

    static byte[] key(int number) {
        return String.format("acknowledged %08d", number).getBytes(StandardCharsets.US_ASCII);
    }

    static byte[] value(int number) {
        return ("written by the second process, number " + number).getBytes(StandardCharsets.US_ASCII);
    }

    /** Writes until it is killed, or nobody listens. */
    public static void run(Path directory, Output acknowledgements) {
        try (Store store = Store.open(directory)) {
            for (int number = 1; number <= MOST && !acknowledgements.isClosed(); number++) {
                store.put(key(number), value(number));
                acknowledgements.line(Integer.toString(number));
                acknowledgements.flush();
            }
        }
    }
}
