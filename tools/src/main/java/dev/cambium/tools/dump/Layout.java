package dev.cambium.tools.dump;

import dev.cambium.segment.memory.Memory;
import dev.cambium.tools.Escapes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.LongFunction;

/**
 * The fields of one structure in the order in which they stand: a picture of docs/FORMAT.md as a value. A field starts
 * where the one before it ends, so a layout is written down as it is drawn, without offsets. Immutable.
 */
final class Layout {
    private enum Kind {
        TEXT,
        NUMBER,
        HEX_NUMBER,
        BYTES,
        TIME,
        NAMED,
        POINTER,
        ZERO
    }

    /** @param nameOf what a NAMED number is called; null for the other kinds */
    private record Slot(String name, int offset, int length, Kind kind, LongFunction<String> nameOf) {}

    private final List<Slot> slots;

    private Layout(List<Slot> slots) {
        this.slots = slots;
    }

    /** The fields that open every file. */
    static Layout head() {
        return empty().text("magic", 8)
                .u16("major")
                .u16("minor")
                .hex("incompatible", 4)
                .hex("compatible", 4);
    }

    static Layout empty() {
        return new Layout(List.of());
    }

    private Layout with(String name, int length, Kind kind) {
        return with(name, length, kind, null);
    }

    private Layout with(String name, int length, Kind kind, LongFunction<String> nameOf) {
        List<Slot> more = new ArrayList<>(slots);
        more.add(new Slot(name, length(), length, kind, nameOf));
        return new Layout(List.copyOf(more));
    }

    /** Characters. */
    Layout text(String name, int length) {
        return with(name, length, Kind.TEXT);
    }

    Layout u8(String name) {
        return with(name, 1, Kind.NUMBER);
    }

    Layout u16(String name) {
        return with(name, 2, Kind.NUMBER);
    }

    Layout u32(String name) {
        return with(name, 4, Kind.NUMBER);
    }

    Layout u64(String name) {
        return with(name, 8, Kind.NUMBER);
    }

    /** A number that means nothing but its digits: checksums, seeds, bits. */
    Layout hex(String name, int length) {
        return with(name, length, Kind.HEX_NUMBER);
    }

    /** Sixteen bytes that identify something. */
    Layout id(String name) {
        return with(name, 16, Kind.BYTES);
    }

    Layout millis(String name) {
        return with(name, 8, Kind.TIME);
    }

    /** A number that stands for something, and is shown as what it stands for. */
    Layout named(String name, int length, LongFunction<String> nameOf) {
        return with(name, length, Kind.NAMED, nameOf);
    }

    /** The pointer to a page. */
    Layout pointer(String name) {
        return with(name, 8, Kind.POINTER);
    }

    /** Bytes that must be zero; shown only where they are not. */
    Layout zero(int length) {
        return with("zero", length, Kind.ZERO);
    }

    /** Bytes from the first field to behind the last. */
    int length() {
        return slots.isEmpty() ? 0 : slots.get(slots.size() - 1).offset + slots.get(slots.size() - 1).length;
    }

    /**
     * Adds the fields, which stand at {@code offset} of {@code memory} and {@code fileOffset} of the file, to a part.
     */
    Part read(Part part, Memory memory, int offset, long fileOffset) {
        for (Slot slot : slots) {
            int at = offset + slot.offset;
            if (slot.kind == Kind.ZERO) {
                int nonZero = memory.firstNonZero(at, slot.length);
                if (nonZero >= 0) {
                    part.broken("byte " + (fileOffset + nonZero - offset) + " must be zero and is "
                            + memory.getUnsignedByte(nonZero));
                }
            } else {
                part.field(slot.name, fileOffset + slot.offset, value(slot, memory, at));
            }
        }
        return part;
    }

    /** Says what stands where for a hex dump of the structure at {@code offset}. */
    void mark(HexDump hex, int offset) {
        slots.forEach(slot -> hex.mark(offset + slot.offset, slot.length, slot.name));
    }

    private static Object value(Slot slot, Memory memory, int at) {
        return switch (slot.kind) {
            case TEXT -> Escapes.show(memory.toArray(at, slot.length));
            case BYTES -> HexFormat.of().formatHex(memory.toArray(at, slot.length));
            case HEX_NUMBER -> "0x" + HexFormat.of().toHexDigits(number(memory, at, slot.length), 2 * slot.length);
            case TIME -> time(memory.getLong(at));
            case NAMED -> slot.nameOf.apply(number(memory, at, slot.length));
            case POINTER -> new PageAddress(memory.getLong(at));
            case NUMBER, ZERO -> number(memory, at, slot.length);
        };
    }

    private static String time(long millis) {
        return millis + " (" + Instant.ofEpochMilli(millis) + ")";
    }

    private static long number(Memory memory, int at, int length) {
        return switch (length) {
            case 1 -> memory.getUnsignedByte(at);
            case 2 -> memory.getUnsignedShort(at);
            case 4 -> memory.getUnsignedInt(at);
            default -> memory.getLong(at);
        };
    }
}
