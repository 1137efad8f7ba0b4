package dev.cambium.segment.log;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.error.StoreException;
import dev.cambium.segment.memory.Bytes;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.ChunkList;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValueReference;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OperationTest {
    private static void check(byte[] operations, int count) {
        Memory memory = Memory.allocate(Math.max(1, operations.length) + 8);
        try {
            memory.put(8, operations, 0, operations.length);
            Operations.check(memory, 8, operations.length, count, "log-1", 4128);
        } finally {
            memory.release();
        }
    }

    @Test
    void bytesAreAsDocumented() {
        byte[] operation = LogTestSupport.put("key", "value");
        byte[] expected = {1, 0, 7, 0, 5, 0, 0, 0, 0, 0, 0, 1, 'k', 'e', 'y', 'v', 'a', 'l', 'u', 'e'};
        assertArrayEquals(expected, operation);
        Memory memory = Memory.allocate(40);
        int end = Operation.put(
                memory,
                3,
                OperationCode.PUT,
                1,
                LogTestSupport.ascii("key"),
                0,
                3,
                LogTestSupport.ascii("value"),
                0,
                5);
        assertArrayEquals(expected, memory.toArray(3, end - 3));
        assertEquals(OperationCode.PUT, Operation.code(memory, 3));
        assertEquals(7, Operation.keyLength(memory, 3));
        assertEquals(5, Operation.valueLength(memory, 3));
        assertEquals(11, Operation.keyOffset(memory, 3));
        assertEquals(18, Operation.valueOffset(memory, 3));
        assertEquals(1, Operation.keyspaceId(memory, 3));
        assertEquals(20, Operation.length(memory, 3));
        memory.release();
    }

    @Test
    void longestKeyRoundTrips() {
        byte[] key = new byte[32_767];
        byte[] operation = new byte[Operation.length(4 + key.length, 1)];
        Operation.put(operation, 0, OperationCode.PUT, -1, key, 0, key.length, new byte[1], 0, 1);
        assertEquals(Operation.MAX_KEY_LENGTH, Operation.keyLength(operation, 0));
        check(operation, 1);
        operation[3] = (byte) 0x80;
        operation[2] = 4;
        assertThrows(CorruptionException.class, () -> check(operation, 1));
    }

    @Test
    void everyCodeIsAppliedOrRefusedByName() {
        for (int code = 0; code <= 255; code++) {
            byte[] operation = LogTestSupport.put("", "name");
            operation[0] = (byte) code;
            if (code == OperationCode.PUT || code == OperationCode.KEYSPACE) {
                check(operation, 1);
            } else if (code == 0 || code == OperationCode.DELETE || code == OperationCode.PUT_REF) {
                assertThrows(CorruptionException.class, () -> check(operation, 1));
            } else {
                FormatVersionException refusal = assertThrows(FormatVersionException.class, () -> check(operation, 1));
                assertTrue(refusal.getMessage().contains(OperationCode.name(code)), refusal.getMessage());
            }
        }
    }

    @Test
    void aReferenceInALogLeadsToAListOfChunksOrToAPageOfOneValue() {
        byte[] operation = LogTestSupport.put("k", "r".repeat(ValueReference.LENGTH));
        operation[0] = OperationCode.PUT_REF;
        assertThrows(CorruptionException.class, () -> check(operation, 1));
        int at = operation.length - ValueReference.LENGTH;
        long list = Pointer.of(3, 8192, 200, 200, PageKind.CHUNKS);
        long page = Pointer.of(3, 8192, 200, 200, PageKind.VALUES);
        put(operation, at, list, (1 << 20) + 1, 0);
        check(operation, 1);
        put(operation, at, list, ChunkList.MOST_LENGTH, 0);
        check(operation, 1);
        put(operation, at, page, 1, 0);
        check(operation, 1);
        put(operation, at, page, 1 << 20, 0);
        check(operation, 1);
        Bytes.putInt(operation, at + ValueReference.INDEX_OFFSET, 2 << 16); // of two values
        assertThrows(CorruptionException.class, () -> check(operation, 1));
        long[][] wrong = {
            {page, (1 << 20) + 1, 0},
            {page, 0, 0},
            {page, 1000, 1},
            {0, 2 << 20, 0},
            {list & 0xF_FFFF_FFFFL, 2 << 20, 0}, // zone 0
            {list, 1 << 20, 0}, // not so long that it needs chunks
            {list, ChunkList.MOST_LENGTH + 1, 0},
            {list, -1, 0},
            {list, 2 << 20, 1}
        };
        for (long[] fields : wrong) {
            put(operation, at, fields[0], fields[1], (int) fields[2]);
            CorruptionException refusal =
                    assertThrows(CorruptionException.class, () -> check(operation, 1), () -> Arrays.toString(fields));
            assertTrue(refusal.getMessage().contains("a reference to a value in chunks"), refusal.getMessage());
        }
    }

    private static void put(byte[] operation, int at, long home, long length, int index) {
        Bytes.putLong(operation, at + ValueReference.HOME_OFFSET, home);
        Bytes.putLong(operation, at + ValueReference.LENGTH_OFFSET, length);
        Bytes.putInt(operation, at + ValueReference.STORED_LENGTH_OFFSET, 200);
        Bytes.putInt(operation, at + ValueReference.INDEX_OFFSET, index | 1 << 16); // and a count of 1
    }

    @Test
    void unknownFlagsAreRefused() {
        byte[] operation = LogTestSupport.put("k", "v");
        operation[1] = 1;
        assertThrows(FormatVersionException.class, () -> check(operation, 1));
    }

    @Test
    void operationsMustFillTheRecordExactly() {
        byte[] operation = LogTestSupport.put("k", "v");
        assertThrows(CorruptionException.class, () -> check(operation, 0));
        assertThrows(CorruptionException.class, () -> check(operation, 2));
        for (int length = 0; length < operation.length; length++) {
            byte[] cut = java.util.Arrays.copyOf(operation, length);
            assertThrows(CorruptionException.class, () -> check(cut, 1));
        }
        byte[] longer = java.util.Arrays.copyOf(operation, operation.length + 1);
        assertThrows(CorruptionException.class, () -> check(longer, 1));
    }

    @Test
    void aKeyspaceNeedsAName() {
        byte[] name = {(byte) 0xC3, (byte) 0xA9};
        byte[] operation = new byte[Operation.length(4, name.length)];
        assertEquals(operation.length, Operation.putKeyspace(operation, 0, 9, name));
        assertDoesNotThrow(() -> check(operation, 1));
        operation[12] = (byte) 0xFF;
        assertThrows(CorruptionException.class, () -> check(operation, 1));
        assertThrows(CorruptionException.class, () -> check(java.util.Arrays.copyOf(withoutValue(operation), 12), 1));
    }

    private static byte[] withoutValue(byte[] operation) {
        byte[] copy = operation.clone();
        copy[4] = 0;
        return copy;
    }

    @Test
    void anyBytesAreAcceptedOrRefusedWithATypedException() {
        long seed = 20_261;
        Random random = new Random(seed);
        int accepted = 0;
        for (int i = 0; i < 30_000; i++) {
            byte[] bytes = i % 3 == 0
                    ? new byte[random.nextInt(64)]
                    : random.nextBoolean() ? LogTestSupport.put("key", "value") : LogTestSupport.delete("key");
            if (i % 3 == 0) {
                random.nextBytes(bytes);
            } else {
                for (int flips = random.nextInt(4); flips > 0; flips--) {
                    bytes[random.nextInt(bytes.length)] = (byte) (random.nextBoolean() ? -1 : random.nextInt());
                }
            }
            try {
                check(bytes, random.nextInt(10) == 0 ? random.nextInt() : 1);
                accepted++;
            } catch (StoreException typed) {
                assertTrue(
                        typed instanceof CorruptionException || typed instanceof FormatVersionException,
                        "seed " + seed);
            }
        }
        assertTrue(accepted > 1_000, "seed " + seed + ": " + accepted);
    }
}
