package dev.cambium.tools.dump;

import dev.cambium.tools.Escapes;
import dev.cambium.tools.Output;
import java.util.Arrays;
import java.util.List;

/** Parts as text for people. Long keys and values are cut; their lengths are told by fields of their own. */
public final class TextWriter implements PartWriter {
    private static final int SHOWN_BYTES = 120;

    private final Output out;

    public TextWriter(Output out) {
        this.out = out;
    }

    @Override
    public void write(Part part) {
        write(part, "  ".repeat(part.depth()));
    }

    private void write(Part part, String indent) {
        String remark = part.remark().isEmpty() ? "" : ": " + part.remark();
        if (part.style() == Part.Style.BLOCK) {
            out.line(indent + part.name() + " at " + part.offset() + remark);
            for (Part.Field field : part.fields()) {
                out.line("%s%10d  %-18s %s", indent, field.offset(), field.name(), show(field.value()));
            }
        } else if (part.style() == Part.Style.HEX) {
            List<Part.Field> shown = part.fields();
            out.line(
                    "%s%10d  %-48s  %s  %s",
                    indent,
                    part.offset(),
                    shown.get(0).value(),
                    shown.get(1).value(),
                    shown.get(2).value());
        } else {
            StringBuilder line = new StringBuilder(indent);
            line.append(String.format("%10d  %s", part.offset(), part.name()));
            for (Part.Field field : part.fields()) {
                line.append("  ").append(field.name()).append(' ').append(show(field.value()));
            }
            out.line(line + remark);
        }
        for (Part child : part.children()) {
            write(child, indent + "  ");
        }
    }

    private static String show(Object value) {
        if (!(value instanceof byte[] bytes)) {
            return value.toString();
        }
        return bytes.length <= SHOWN_BYTES
                ? '"' + Escapes.show(bytes) + '"'
                : '"' + Escapes.show(Arrays.copyOf(bytes, SHOWN_BYTES)) + "\"…";
    }

    @Override
    public boolean isClosed() {
        return out.isClosed();
    }
}
