package dev.cambium.tools.dump;

import java.util.ArrayList;
import java.util.List;

/**
 * One structure in a file, as it is shown: its name, where it starts, its fields by their names in docs/FORMAT.md, and
 * whether it holds. Built by a reader, then handed to a {@link PartWriter}.
 */
public final class Part {
    /** How a part looks as text. */
    public enum Style {
        /** A line a field, with offsets. */
        BLOCK,
        /** All on one line. */
        LINE,
        /** All on one line, without the names: offset, bytes, characters, what they are. */
        HEX
    }

    /**
     * A field.
     *
     * @param offset from the start of the file
     * @param value a Long, a String, a {@link PageAddress}, or bytes of a key or value
     */
    public record Field(String name, long offset, Object value) {}

    private final String name;
    private final long offset;
    private final Style style;
    private final List<Field> fields = new ArrayList<>();
    private final List<Part> children = new ArrayList<>();
    private int depth;
    private boolean holds = true;
    private String remark = "";

    public Part(String name, long offset, Style style) {
        this.name = name;
        this.offset = offset;
        this.style = style;
    }

    Part field(String fieldName, long fieldOffset, Object value) {
        fields.add(new Field(fieldName, fieldOffset, value));
        return this;
    }

    Part child(Part child) {
        children.add(child);
        return this;
    }

    /** Says how deep the part lies in a tree whose parts are written one by one. */
    Part depth(int level) {
        depth = level;
        return this;
    }

    /** Says something about the part that is no defect. */
    Part remark(String text) {
        remark = remark.isEmpty() ? text : remark + "; " + text;
        return this;
    }

    /** Says what is wrong with the part; null where nothing is. */
    Part brokenUnlessNull(String reason) {
        return reason == null ? this : broken(reason);
    }

    /** Says that the part is not what it has to be, and why. */
    Part broken(String reason) {
        holds = false;
        return remark(reason);
    }

    public String name() {
        return name;
    }

    public long offset() {
        return offset;
    }

    public Style style() {
        return style;
    }

    /** How many parts of the same kind it lies inside of; 0 unless they are parts of a tree. */
    public int depth() {
        return depth;
    }

    public List<Field> fields() {
        return fields;
    }

    public List<Part> children() {
        return children;
    }

    public boolean holds() {
        return holds;
    }

    /** Empty where there is nothing to be said. */
    public String remark() {
        return remark;
    }
}
