package dev.cambium.segment.manifest;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.Pointer;
import java.util.Arrays;

/** How a run stands in a manifest; the layout is in {@link ManifestCodec}. Stateless. */
final class RunField {
    static final int ROOT_OFFSET = 8;
    static final int ROOT_CRC_OFFSET = 16;
    static final int TIER_OFFSET = 20;
    static final int OLDEST_OFFSET = 24;
    static final int NEWEST_OFFSET = 32;
    static final int MIN_BATCH_OFFSET = 40;
    static final int MAX_BATCH_OFFSET = 48;
    static final int ENTRIES_OFFSET = 56;
    static final int TOMBSTONES_OFFSET = 64;
    static final int BYTES_OFFSET = 72;
    static final int RANGE_DELETES_OFFSET = 80;
    static final int ZERO_OFFSET = 88;
    static final int FIRST_KEY_LENGTH_OFFSET = 92;
    static final int LAST_KEY_LENGTH_OFFSET = 94;
    static final int KEYS_OFFSET = 96;

    private RunField() {}

    /** Bytes of the value. */
    static int length(ManifestRecord.Run run) {
        return KEYS_OFFSET + run.firstKey().length + run.lastKey().length;
    }

    static void put(Memory memory, int at, ManifestRecord.Run run) {
        memory.putLong(at, run.id());
        memory.putLong(at + ROOT_OFFSET, run.root());
        memory.putInt(at + ROOT_CRC_OFFSET, run.rootCrc());
        memory.putInt(at + TIER_OFFSET, run.tier());
        memory.putLong(at + OLDEST_OFFSET, run.oldest());
        memory.putLong(at + NEWEST_OFFSET, run.newest());
        memory.putLong(at + MIN_BATCH_OFFSET, run.minBatch());
        memory.putLong(at + MAX_BATCH_OFFSET, run.maxBatch());
        memory.putLong(at + ENTRIES_OFFSET, run.entries());
        memory.putLong(at + TOMBSTONES_OFFSET, run.tombstones());
        memory.putLong(at + BYTES_OFFSET, run.bytes());
        memory.putLong(at + RANGE_DELETES_OFFSET, 0);
        memory.putInt(at + ZERO_OFFSET, 0);
        memory.putShort(at + FIRST_KEY_LENGTH_OFFSET, run.firstKey().length);
        memory.putShort(at + LAST_KEY_LENGTH_OFFSET, run.lastKey().length);
        int to = at + KEYS_OFFSET;
        memory.put(to, run.firstKey(), 0, run.firstKey().length);
        memory.put(to + run.firstKey().length, run.lastKey(), 0, run.lastKey().length);
    }

    static ManifestRecord.Run read(Memory memory, int at, int length, String file, long fieldOffset) {
        int firstLength = length < KEYS_OFFSET ? 0 : memory.getUnsignedShort(at + FIRST_KEY_LENGTH_OFFSET);
        int lastLength = length < KEYS_OFFSET ? 0 : memory.getUnsignedShort(at + LAST_KEY_LENGTH_OFFSET);
        require(
                KEYS_OFFSET + firstLength + lastLength == length,
                "a run of " + length + " bytes",
                "keys of " + firstLength + " and " + lastLength + " bytes",
                file,
                fieldOffset);
        int from = at + KEYS_OFFSET;
        ManifestRecord.Run run = new ManifestRecord.Run(
                memory.getLong(at),
                memory.getLong(at + ROOT_OFFSET),
                memory.getInt(at + ROOT_CRC_OFFSET),
                memory.getInt(at + TIER_OFFSET),
                memory.getLong(at + OLDEST_OFFSET),
                memory.getLong(at + NEWEST_OFFSET),
                memory.getLong(at + MIN_BATCH_OFFSET),
                memory.getLong(at + MAX_BATCH_OFFSET),
                memory.getLong(at + ENTRIES_OFFSET),
                memory.getLong(at + TOMBSTONES_OFFSET),
                memory.getLong(at + BYTES_OFFSET),
                memory.toArray(from, firstLength),
                memory.toArray(from + firstLength, lastLength));
        boolean holds = run.id() > 0
                && run.id() < Long.MAX_VALUE
                && Pointer.isPlausible(run.root())
                && Pointer.kind(run.root()) == PageKind.KEYS
                && run.tier() >= 0
                && run.oldest() > 0
                && run.oldest() <= run.newest()
                && run.newest() < Long.MAX_VALUE
                && run.minBatch() >= 0
                && run.minBatch() <= run.maxBatch()
                && (run.minBatch() > 0 || run.maxBatch() == 0)
                && run.entries() > 0
                && run.tombstones() >= 0
                && run.tombstones() <= run.entries()
                && run.bytes() >= 0
                && memory.getLong(at + RANGE_DELETES_OFFSET) == 0
                && memory.getInt(at + ZERO_OFFSET) == 0
                && firstLength > 0
                && lastLength > 0
                && firstLength <= Operation.MAX_KEY_LENGTH
                && lastLength <= Operation.MAX_KEY_LENGTH
                && Arrays.compareUnsigned(run.firstKey(), run.lastKey()) <= 0;
        require(holds, "a run that a writer can have written", run.toString(), file, fieldOffset);
        return run;
    }

    private static void require(boolean holds, String expected, String found, String file, long fieldOffset) {
        if (!holds) {
            throw new CorruptionException(file, fieldOffset, expected, found);
        }
    }
}
