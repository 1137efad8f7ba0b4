package dev.cambium.testkit.generate;

import dev.cambium.testkit.model.ByteText;
import dev.cambium.testkit.runtime.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;

/** What the keys of a world look like, chosen for where stores go wrong: prefixes, heads, lengths, sign. */
public enum KeyShape {
    /** Mixed lengths of 0 to 40 bytes, few distinct bytes, so that many keys are prefixes of others; the empty one is in. */
    MIXED {
        @Override
        byte[] key(int index, SeededRandom random) {
            byte[] key = new byte[index == 0 ? 0 : random.between(1, 40)];
            for (int i = 0; i < key.length; i++) {
                key[i] = FEW[random.nextInt(FEW.length)];
            }
            return key;
        }
    },
    /** Zero-padded numbers: long common prefixes. */
    PADDED {
        @Override
        byte[] key(int index, SeededRandom random) {
            return ByteText.bytes(String.format("%016d", index));
        }
    },
    /** {@code user:} and a number: a common prefix, differing lengths, text order other than number order. */
    USER {
        @Override
        byte[] key(int index, SeededRandom random) {
            return ByteText.bytes("user:" + index);
        }
    },
    /** Eight bytes, big-endian, over the whole range: the first bit set in half of them. */
    BINARY {
        @Override
        byte[] key(int index, SeededRandom random) {
            byte[] key = new byte[8];
            long word = random.nextLong();
            for (int i = 0; i < key.length; i++) {
                key[i] = (byte) (word >>> (56 - 8 * i));
            }
            return key;
        }
    },
    /** A prefix of hundreds of bytes, then a number: separators and heads get long. */
    DEEP {
        @Override
        byte[] key(int index, SeededRandom random) {
            byte[] key = ByteText.filled("/a/long/path", 300 + index % 7);
            key[key.length - 1] = (byte) index;
            key[key.length - 2] = (byte) (index >>> 8);
            return key;
        }
    };

    private static final byte[] FEW = {0, 1, 'a', 'b', 0x7F, (byte) 0x80, (byte) 0xFF};

    abstract byte[] key(int index, SeededRandom random);

    /** Different keys of this shape, ascending. */
    public List<byte[]> keys(int count, SeededRandom random) {
        TreeSet<byte[]> keys = new TreeSet<>(Arrays::compareUnsigned);
        for (int index = 0; keys.size() < count; index++) {
            keys.add(key(index, random));
        }
        return new ArrayList<>(keys);
    }
}
