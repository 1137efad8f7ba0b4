package dev.cambium.tools.dump;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.Pointer;
import java.util.List;

/** Shows the header of a page: docs/FORMAT.md, section 9. Stateless. */
final class PageHeaderDump {
    private static final Layout HEADER = Layout.empty()
            .hex("headerCrc", 4)
            .hex("payloadCrc", 4)
            .u8("format")
            .named("kind", 1, PageNames::kind)
            .u8("level")
            .named("codec", 1, PageNames::codec)
            .named("flags", 2, PageNames::flags)
            .u16("dictionaryId")
            .u32("storedLength")
            .u32("rawLength")
            .pointer("self")
            .u64("birth");
    private static final Layout OWNER_RUN = Layout.empty().u64("owner");
    private static final Layout OWNER_HOME = Layout.empty().pointer("owner");

    /** What a line of a zone's dump has of it. */
    private static final List<String> OF_A_LINE = List.of(
            "kind", "level", "codec", "flags", "storedLength", "rawLength", "birth", "owner", "self", "payloadCrc");

    private PageHeaderDump() {}

    /** All fields, with offsets. */
    static Part block(Memory stored, long zoneOffset) {
        return read(new Part("header", zoneOffset, Part.Style.BLOCK), stored, zoneOffset);
    }

    /** What tells one page from another, in a line. */
    static Part line(Memory stored, long zoneOffset) {
        Part all = block(stored, zoneOffset);
        Part line = new Part("page", zoneOffset, Part.Style.LINE);
        for (String name : OF_A_LINE) {
            all.fields().stream()
                    .filter(field -> field.name().equals(name))
                    .forEach(field -> line.field(name, field.offset(), field.value()));
        }
        return line;
    }

    private static Part read(Part part, Memory stored, long zoneOffset) {
        HEADER.read(part, stored, 0, zoneOffset);
        return owner(PageHeader.kind(stored, 0)).read(part, stored, HEADER.length(), zoneOffset + HEADER.length());
    }

    /** How the owner of a page of this kind is written: pages of values have their home. */
    static Layout owner(int kind) {
        return kind == PageKind.VALUES || kind == PageKind.CHUNKS ? OWNER_HOME : OWNER_RUN;
    }

    /** Says what stands where for a hex dump of the page at the start of {@code stored}. */
    static void mark(HexDump hex, Memory stored) {
        HEADER.mark(hex, 0);
        owner(PageHeader.kind(stored, 0)).mark(hex, HEADER.length());
    }

    /** Why the header at the start of {@code stored} is not that of a page that can stand here, or null. */
    static String problem(Memory stored, int available, byte[] storeId, int zone, long zoneOffset, String file) {
        try {
            PageHeader.check(stored, 0, available, storeId, zone, zoneOffset, file);
            return null;
        } catch (CorruptionException | FormatVersionException e) {
            return e.getMessage();
        }
    }

    /** Why the owner in a header that holds cannot be that of a page of this kind, or null. */
    static String ownerProblem(Memory stored) {
        long owner = PageHeader.owner(stored, 0);
        int kind = PageHeader.kind(stored, 0);
        if (kind == PageKind.VALUES || kind == PageKind.CHUNKS) {
            return Pointer.isPlausible(owner) && Pointer.kind(owner) == kind
                    ? null
                    : "its owner is no pointer to a page of its kind, and must be its home";
        }
        return owner > 0 ? null : "its owner is no run";
    }
}
