package dev.cambium.segment.manifest;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.zone.ZoneHeader;
import dev.cambium.segment.zone.ZoneWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.roaringbitmap.RoaringBitmap;

/** How a set of a zone's units stands in a manifest; the layout is in {@link ManifestCodec}. Stateless. */
final class UnitsField {
    static final int UNITS_OFFSET = 8;

    private static final int FIRST_UNIT = ZoneHeader.LENGTH / Pointer.ALIGNMENT;
    private static final int LAST_UNIT = ZoneWriter.MAX_LENGTH / Pointer.ALIGNMENT - 1;

    private UnitsField() {}

    /** Bytes of the value. */
    static int length(RoaringBitmap units) {
        return UNITS_OFFSET + units.serializedSizeInBytes();
    }

    static void put(Memory memory, int at, int zone, RoaringBitmap units) {
        memory.putLong(at, zone);
        byte[] bytes = new byte[units.serializedSizeInBytes()];
        units.serialize(ByteBuffer.wrap(bytes));
        memory.put(at + UNITS_OFFSET, bytes, 0, bytes.length);
    }

    static RoaringBitmap read(Memory memory, int at, int length, String file, long fieldOffset) {
        if (length <= UNITS_OFFSET) {
            throw new CorruptionException(file, fieldOffset, "a zone and units of it", length + " bytes");
        }
        int size = length - UNITS_OFFSET;
        RoaringBitmap units = new RoaringBitmap();
        try {
            units.deserialize(ByteBuffer.wrap(memory.toArray(at + UNITS_OFFSET, size)));
        } catch (IOException | RuntimeException e) {
            throw new CorruptionException(file, fieldOffset + UNITS_OFFSET, "a set of units", e.toString());
        }
        if (units.isEmpty()
                || units.serializedSizeInBytes() != size
                || !Boolean.TRUE.equals(units.validate())
                || units.first() < FIRST_UNIT
                || Integer.toUnsignedLong(units.last()) > LAST_UNIT) {
            throw new CorruptionException(
                    file,
                    fieldOffset + UNITS_OFFSET,
                    "a set of units between " + FIRST_UNIT + " and " + LAST_UNIT + " in " + size + " bytes",
                    "another");
        }
        return units;
    }
}
