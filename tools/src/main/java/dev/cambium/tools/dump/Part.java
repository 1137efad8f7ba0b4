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
        LINE
    }

    /**
     * A field.
     *
     * @param offset from the start of the file
     * @param value a Long, a String, or bytes of a key or value
     */
    public record Field(String name, long offset, Object value) {}

    private final String name;
    private final long offset;
    private final Style style;
    private final List<Field> fields = new ArrayList<>();
    private final List<Part> children = new ArrayList<>();
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

    /** Says something about the part that is no defect. */
    Part remark(String text) {
        remark = remark.isEmpty() ? text : remark + "; " + text;
        return this;
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
