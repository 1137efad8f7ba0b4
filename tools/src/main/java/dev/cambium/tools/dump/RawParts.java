package dev.cambium.tools.dump;

import dev.cambium.segment.memory.Memory;
import java.util.function.IntUnaryOperator;

/**
 * The parts of a raw page behind its numbers, one after the other as docs/FORMAT.md has them: adds each to the part that
 * shows the page, and marks it and what is in it for a hex dump. One thread.
 */
final class RawParts {
    private final Part page;
    private final HexDump hex; // null where none is wanted
    private int at;

    /** @param at where the first part begins */
    RawParts(Part page, HexDump hex, int at) {
        this.page = page;
        this.hex = hex;
        this.at = at;
    }

    /** Elements of one width; {@code element} is what one is called, or null where they need no names of their own. */
    RawParts column(String name, String element, int count, int width) {
        field(name, count + " × " + width + (width == 1 ? " byte" : " bytes"), count * width);
        for (int i = 0; hex != null && element != null && i < count; i++) {
            hex.mark(at + i * width, width, element + " " + i);
        }
        at += count * width;
        return this;
    }

    /** Elements that each have a length of their own. */
    RawParts varying(String name, String element, int count, IntUnaryOperator lengthOf) {
        int length = 0;
        for (int i = 0; i < count; i++) {
            int one = lengthOf.applyAsInt(i);
            if (hex != null) {
                hex.mark(at + length, one, element + " " + i);
            }
            length += one;
        }
        if (length > 0) {
            page.field(name, at, length + (length == 1 ? " byte" : " bytes"));
        }
        at += length;
        return this;
    }

    /** Bytes of a key. */
    RawParts bytes(String name, Memory raw, int length) {
        return field(name, raw.toArray(at, length), length).skip(length);
    }

    /** Fields as a layout has them. */
    RawParts fields(Layout layout, Memory raw) {
        layout.read(page, raw, at, at);
        if (hex != null) {
            layout.mark(hex, at);
        }
        return skip(layout.length());
    }

    private RawParts field(String name, Object value, int length) {
        if (length > 0) {
            page.field(name, at, value);
            if (hex != null) {
                hex.mark(at, length, name);
            }
        }
        return this;
    }

    private RawParts skip(int length) {
        at += length;
        return this;
    }
}
