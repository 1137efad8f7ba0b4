package dev.cambium.compaction;

import dev.cambium.segment.memory.Bytes;
import dev.cambium.segment.memory.Memory;

/**
 * A 64-bit hash of a key for filters: multiply and fold eight bytes at a time, then mix. Not for adversaries; a store that
 * stores filters seeds it.
 */
final class KeyHash {
    private static final long FIRST = 0xA076_1D64_78BD_642FL;
    private static final long SECOND = 0xE703_7ED1_A0B4_28DBL;

    private KeyHash() {}

    static long of(byte[] key, int offset, int length) {
        long state = FIRST ^ length;
        int end = offset + length;
        for (int at = offset; at < end; at += 8) {
            state = fold(state ^ Bytes.head(key, at, end), SECOND);
        }
        return fold(state, FIRST ^ length);
    }

    static long of(Memory memory, int offset, int length) {
        long state = FIRST ^ length;
        int end = offset + length;
        for (int at = offset; at < end; at += 8) {
            state = fold(state ^ memory.head(at, end - at), SECOND);
        }
        return fold(state, FIRST ^ length);
    }

    private static long fold(long a, long b) {
        return a * b ^ Math.multiplyHigh(a, b);
    }
}
