package dev.cambium.tools.load;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * The lines of a stream of bytes, which may hold anything. A line ends with {@code \n} or {@code \r\n}, the last one
 * also with the stream; a byte order mark at the very beginning is passed over.
 *
 * <p>Of a line longer than {@link #MAX_LENGTH} the rest is read and thrown away, and {@link #isTooLong} tells. One
 * thread.
 */
public final class Lines {
    /** Bytes: enough for the largest entry with every byte escaped. */
    public static final int MAX_LENGTH = 16 << 20;

    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private final InputStream input;
    private final byte[] buffer = new byte[1 << 16];
    private int at;
    private int end;
    private boolean ended;
    private long consumed;

    private byte[] line = new byte[256];
    private int length;
    private boolean tooLong;
    private long number;

    public Lines(InputStream input) throws IOException {
        this.input = input;
        while (end < BYTE_ORDER_MARK.length && fillMore()) {
            // a pipe may give a byte at a time
        }
        if (end >= 3 && Arrays.equals(buffer, 0, 3, BYTE_ORDER_MARK, 0, 3)) {
            at = 3;
        }
    }

    /** The first byte of the first line, or -1 where the stream is empty; to be called before {@link #next}. */
    public int firstByte() {
        return at < end ? buffer[at] & 0xFF : -1;
    }

    /** Goes to the next line; false at the end. */
    public boolean next() throws IOException {
        length = 0;
        tooLong = false;
        boolean any = false;
        while (at < end || refill()) {
            any = true;
            int from = at;
            while (at < end && buffer[at] != '\n') {
                at++;
            }
            append(from, at);
            if (at < end) {
                at++;
                break;
            }
        }
        if (!any) {
            return false;
        }
        number++;
        if (length > 0 && line[length - 1] == '\r') {
            length--;
        }
        return true;
    }

    private void append(int from, int to) {
        if (to - from > MAX_LENGTH - length) {
            tooLong = true;
            return;
        }
        if (to - from > line.length - length) {
            line = Arrays.copyOf(line, Math.max(2 * line.length, length + to - from));
        }
        System.arraycopy(buffer, from, line, length, to - from);
        length += to - from;
    }

    private boolean refill() throws IOException {
        consumed += end;
        at = 0;
        end = 0;
        return fillMore();
    }

    private boolean fillMore() throws IOException {
        int count = ended ? -1 : input.read(buffer, end, buffer.length - end);
        ended |= count < 0;
        end += Math.max(0, count);
        return count > 0;
    }

    /** Holds the line, from index 0; until the next move. */
    public byte[] bytes() {
        return line;
    }

    /** Bytes of the line, without its end. */
    public int length() {
        return length;
    }

    public boolean isTooLong() {
        return tooLong;
    }

    /** Of the line, from 1. */
    public long number() {
        return number;
    }

    /** Bytes of the stream up to the end of the line. */
    public long consumedBytes() {
        return consumed + at;
    }
}
