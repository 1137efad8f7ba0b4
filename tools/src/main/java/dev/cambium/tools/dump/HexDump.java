package dev.cambium.tools.dump;

import dev.cambium.segment.memory.Memory;
import java.util.HexFormat;
import java.util.TreeMap;

/**
 * Bytes in lines of sixteen, each with the names of what begins in it: offset, bytes, characters, names. First the names
 * are marked, in any order, then lines are written. One thread.
 */
final class HexDump {
    private static final int LINE = 16;

    private final TreeMap<Integer, String> marks = new TreeMap<>();

    /** Says what stands in {@code length} bytes at an offset; nothing where that is nothing. */
    void mark(int offset, int length, String name) {
        if (length > 0) {
            marks.put(offset, name);
        }
    }

    /**
     * Writes a range of {@code memory}.
     *
     * @param base what is added to offsets when they are shown
     */
    void write(Memory memory, int from, int to, long base, PartWriter out) {
        for (int at = from; at < to && !out.isClosed(); at += LINE) {
            out.write(line(memory, at, Math.min(LINE, to - at), base));
        }
    }

    private Part line(Memory memory, int at, int length, long base) {
        byte[] bytes = memory.toArray(at, length);
        StringBuilder hex = new StringBuilder();
        StringBuilder characters = new StringBuilder("|");
        for (int i = 0; i < length; i++) {
            hex.append(i == 0 ? "" : i == LINE / 2 ? "  " : " ")
                    .append(HexFormat.of().toHexDigits(bytes[i]));
            characters.append(bytes[i] >= 0x20 && bytes[i] < 0x7F ? (char) bytes[i] : '.');
        }
        return new Part("hex", base + at, Part.Style.HEX)
                .field("bytes", base + at, hex.toString())
                .field("characters", base + at, characters.append("|").toString())
                .field("parts", base + at, names(at, length));
    }

    /** What begins in a line, after what goes on from the line before. */
    private String names(int at, int length) {
        StringBuilder names = new StringBuilder();
        if (!marks.containsKey(at) && marks.floorKey(at) != null) {
            names.append(marks.floorEntry(at).getValue()).append(" …");
        }
        for (String name : marks.subMap(at, at + length).values()) {
            names.append(names.isEmpty() ? "" : " · ").append(name);
        }
        return names.toString();
    }
}
