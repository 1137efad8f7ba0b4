package dev.cambium;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Streams of long values that are disturbed half-way. */
final class LongInputs {
    private LongInputs() {}

    /** Bytes that no compression makes shorter. */
    static byte[] noise(long seed, int length) {
        byte[] bytes = new byte[length];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }

    /** Gives {@code bytes}, then fails. */
    static InputStream failingAfter(byte[] bytes) {
        return interrupted(Arrays.copyOf(bytes, bytes.length + 1), bytes.length, () -> {
            throw new IOException("the line is dead");
        });
    }

    /** Gives {@code bytes}, and does something once {@code after} of them are gone. */
    static InputStream interrupted(byte[] bytes, int after, Interruption interruption) {
        return new Interrupted(bytes, after, interruption);
    }

    interface Interruption {
        void run() throws IOException;
    }

    private static final class Interrupted extends InputStream {
        private final byte[] bytes;
        private final int after;
        private final Interruption interruption;
        private int position;
        private boolean done;

        Interrupted(byte[] bytes, int after, Interruption interruption) {
            this.bytes = bytes;
            this.after = after;
            this.interruption = interruption;
        }

        @Override
        public int read() {
            throw new AssertionError("one byte at a time is too slow");
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (position >= after && !done) {
                done = true;
                interruption.run();
            }
            if (position == bytes.length) {
                return -1;
            }
            int given = Math.min(length, Math.min(bytes.length, done ? bytes.length : after) - position);
            System.arraycopy(bytes, position, target, offset, given);
            position += given;
            return given;
        }
    }
}
