package dev.cambium.segment.manifest;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.log.Operation;
import dev.cambium.segment.memory.Memory;
import java.util.Arrays;

/** How a stretch of a run stands in a manifest; the layout is in {@link ManifestCodec}. Stateless. */
final class RunMergedField {
    static final int FROM_LENGTH_OFFSET = 8;
    static final int TO_LENGTH_OFFSET = 10;
    static final int ZERO_OFFSET = 12;
    static final int KEYS_OFFSET = 16;

    /** Bounds are keys, or keys and one byte more. */
    private static final int MOST_LENGTH = Operation.MAX_KEY_LENGTH + 1;

    private RunMergedField() {}

    private static int toLength(Stretch stretch) {
        return stretch.to() == null ? 0 : stretch.to().length;
    }

    /** Bytes of the value. */
    static int length(ManifestRecord.RunMerged merged) {
        return KEYS_OFFSET + merged.stretch().from().length + toLength(merged.stretch());
    }

    static void put(Memory memory, int at, ManifestRecord.RunMerged merged) {
        byte[] from = merged.stretch().from();
        int toLength = toLength(merged.stretch());
        memory.putLong(at, merged.run());
        memory.putShort(at + FROM_LENGTH_OFFSET, from.length);
        memory.putShort(at + TO_LENGTH_OFFSET, toLength);
        memory.putInt(at + ZERO_OFFSET, 0);
        memory.put(at + KEYS_OFFSET, from, 0, from.length);
        if (toLength > 0) {
            memory.put(at + KEYS_OFFSET + from.length, merged.stretch().to(), 0, toLength);
        }
    }

    static ManifestRecord.RunMerged read(Memory memory, int at, int length, String file, long fieldOffset) {
        int fromLength = length < KEYS_OFFSET ? 0 : memory.getUnsignedShort(at + FROM_LENGTH_OFFSET);
        int toLength = length < KEYS_OFFSET ? 0 : memory.getUnsignedShort(at + TO_LENGTH_OFFSET);
        if (KEYS_OFFSET + fromLength + toLength != length || fromLength > MOST_LENGTH || toLength > MOST_LENGTH) {
            throw new CorruptionException(
                    file,
                    fieldOffset,
                    "a stretch of a run in " + length + " bytes",
                    "keys of " + fromLength + " and " + toLength + " bytes");
        }
        byte[] from = memory.toArray(at + KEYS_OFFSET, fromLength);
        byte[] to = toLength == 0 ? null : memory.toArray(at + KEYS_OFFSET + fromLength, toLength);
        if (memory.getInt(at + ZERO_OFFSET) != 0
                || memory.getLong(at) <= 0
                || to != null && Arrays.compareUnsigned(from, to) >= 0) {
            throw new CorruptionException(
                    file, fieldOffset, "a run and a stretch of ascending keys", new Stretch(from, to).toString());
        }
        return new ManifestRecord.RunMerged(memory.getLong(at), new Stretch(from, to));
    }
}
