package dev.cambium.testkit.reader;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * A file or a part of one, or an unpacked page: little-endian numbers at offsets that are checked.
 *
 * <p>Knows nothing of the format. Whatever does not hold throws {@link IllegalStateException} with file and offset. An unpacked
 * page counts its offsets as if it stood unpacked in the file.
 */
record Bytes(String file, long base, ByteBuffer buffer) {
    Bytes {
        buffer = buffer.slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    Bytes require(boolean holds, int at, String what) {
        if (!holds) {
            throw new IllegalStateException(String.format("%s, offset %d: %s", file, base + at, what));
        }
        return this;
    }

    private int there(int at, int size) {
        require(at >= 0 && size >= 0 && at <= length() - size, at, "bytes that are not there");
        return at;
    }

    int length() {
        return buffer.capacity();
    }

    /** Itself, if it is as long as that. */
    Bytes exactly(int length) {
        return require(length() == length, 0, "length " + length() + " instead of " + length);
    }

    int u8(int at) {
        return buffer.get(there(at, 1)) & 0xFF;
    }

    int u16(int at) {
        return buffer.getShort(there(at, 2)) & 0xFFFF;
    }

    /** Negative from 2^31 on, which no length or offset may be. */
    int u32(int at) {
        return buffer.getInt(there(at, 4));
    }

    long u64(int at) {
        return buffer.getLong(there(at, 8));
    }

    Bytes part(int from, int to) {
        return new Bytes(file, base + from, buffer.slice(there(from, to - from), to - from));
    }

    byte[] copy(int from, int to) {
        byte[] copy = new byte[part(from, to).length()];
        buffer.get(from, copy);
        return copy;
    }

    boolean isZero(int from, int to) {
        return Arrays.equals(copy(from, to), new byte[to - from]);
    }

    Bytes zero(int from, int to) {
        return require(isZero(from, to), from, "bytes that are not zero");
    }

    int crc(int from, int to) {
        CRC32C crc = new CRC32C();
        crc.update(copy(from, to));
        return (int) crc.getValue();
    }

    Bytes checksum(int at, int from, int to, int seed) {
        return require(u32(at) == (crc(from, to) ^ seed), at, "checksum");
    }

    /** What an LZ4 block from {@code from} to the end unpacks to, behind the bytes before it. */
    Bytes unpacked(int from, int length) {
        byte[] raw = Arrays.copyOf(copy(0, from), length);
        for (int in = from, out = from; ; ) {
            int token = u8(in++);
            int literals = token >>> 4;
            for (int more = literals == 15 ? 255 : 0; more == 255; literals += more) {
                more = u8(in++);
            }
            require(literals <= length - out, in, "literals beyond the unpacked length");
            System.arraycopy(copy(in, in + literals), 0, raw, out, literals);
            in += literals;
            out += literals;
            if (in == length()) { // a block ends with literals
                require(out == length, in, "unpacked length " + out + " instead of " + length);
                return new Bytes(file, base, ByteBuffer.wrap(raw));
            }
            int distance = u16(in);
            int match = 4 + (token & 15);
            in += 2;
            for (int more = match == 19 ? 255 : 0; more == 255; match += more) {
                more = u8(in++);
            }
            require(0 < distance && distance <= out - from && match <= length - out, in, "match");
            for (int end = out + match; out < end; out++) {
                raw[out] = raw[out - distance];
            }
        }
    }
}
