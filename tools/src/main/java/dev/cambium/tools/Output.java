package dev.cambium.tools;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Standard output as a command writes it: buffered, UTF-8 whatever the locale, {@code \n} at the end of lines.
 *
 * <p>Once the reader has gone ({@code cambium scan … | head}), {@link #isClosed} is true and what is written goes
 * nowhere; that is no error. Any other failure, a full disk above all, is an {@link UncheckedIOException}. One thread.
 */
public final class Output extends OutputStream {
    private static final int BUFFER_BYTES = 1 << 16;

    private interface Step {
        void run() throws IOException;
    }

    private final OutputStream stream;
    private boolean closed;

    Output(OutputStream stream) {
        this.stream = new BufferedOutputStream(stream, BUFFER_BYTES);
    }

    /** Whether nobody reads any more. */
    public boolean isClosed() {
        return closed;
    }

    public void print(String text) {
        write(text.getBytes(StandardCharsets.UTF_8));
    }

    public void line(String text) {
        print(text);
        write('\n');
    }

    public void line(String format, Object... arguments) {
        line(String.format(Locale.ROOT, format, arguments));
    }

    @Override
    public void write(int b) {
        run(() -> stream.write(b));
    }

    @Override
    public void write(byte[] bytes) {
        write(bytes, 0, bytes.length);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        run(() -> stream.write(bytes, offset, length));
    }

    @Override
    public void flush() {
        run(stream::flush);
    }

    /** As {@link #flush}, when a failure is about to be told: one of the output itself would only hide it. */
    void flushBeforeFailure() {
        try {
            flush();
        } catch (UncheckedIOException e) {
            closed = true;
        }
    }

    private void run(Step step) {
        if (closed) {
            return;
        }
        try {
            step.run();
        } catch (IOException e) {
            closed = true; // what the buffer still holds must not fail a second time
            String reason = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
            if (!reason.contains("pipe")) {
                throw new UncheckedIOException("cannot write the output: " + e.getMessage(), e);
            }
        }
    }
}
