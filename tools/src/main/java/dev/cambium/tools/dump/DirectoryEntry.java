package dev.cambium.tools.dump;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.zone.ZoneDirectory;
import java.util.ArrayList;
import java.util.List;

/**
 * What a zone's directory says of a page, or should. Two are equal if they say the same.
 *
 * @param firstKey the eight bytes as a number, the first most significant
 */
record DirectoryEntry(long offset, long storedLength, int kind, int level, int payloadCrc, long owner, long firstKey) {
    private static final Layout UP_TO_OWNER = Layout.empty()
            .u32("offset")
            .u32("storedLength")
            .named("kind", 1, PageNames::kind)
            .u8("level")
            .zero(2)
            .hex("payloadCrc", 4);

    /** The entry that belongs to a page. */
    static DirectoryEntry of(Memory stored, long zoneOffset, long firstKey) {
        return new DirectoryEntry(
                zoneOffset,
                PageHeader.storedLength(stored, 0),
                PageHeader.kind(stored, 0),
                PageHeader.level(stored, 0),
                PageHeader.payloadCrc(stored, 0),
                PageHeader.owner(stored, 0),
                firstKey);
    }

    /** The entry at an offset of a directory. */
    static DirectoryEntry read(Memory directory, int at) {
        return new DirectoryEntry(
                directory.getUnsignedInt(at + ZoneDirectory.OFFSET_OFFSET),
                directory.getUnsignedInt(at + ZoneDirectory.STORED_LENGTH_OFFSET),
                directory.getUnsignedByte(at + ZoneDirectory.KIND_OFFSET),
                directory.getUnsignedByte(at + ZoneDirectory.LEVEL_OFFSET),
                directory.getInt(at + ZoneDirectory.PAYLOAD_CRC_OFFSET),
                directory.getLong(at + ZoneDirectory.OWNER_OFFSET),
                directory.head(at + ZoneDirectory.FIRST_KEY_OFFSET, Long.BYTES));
    }

    /** Shows the entry at an offset of a directory. */
    static Part show(Memory directory, int at, long fileOffset) {
        Part part = new Part("entry", fileOffset, Part.Style.LINE);
        UP_TO_OWNER.read(part, directory, at, fileOffset);
        int kind = directory.getUnsignedByte(at + ZoneDirectory.KIND_OFFSET);
        int owner = at + ZoneDirectory.OWNER_OFFSET;
        PageHeaderDump.owner(kind).read(part, directory, owner, fileOffset + ZoneDirectory.OWNER_OFFSET);
        return part.field(
                "firstKey",
                fileOffset + ZoneDirectory.FIRST_KEY_OFFSET,
                directory.toArray(at + ZoneDirectory.FIRST_KEY_OFFSET, Long.BYTES));
    }

    /** The fields in which this is not what the page says; empty where it is. */
    List<String> differences(DirectoryEntry page) {
        List<String> names = new ArrayList<>();
        addIf(storedLength != page.storedLength, "storedLength", names);
        addIf(kind != page.kind, "kind", names);
        addIf(level != page.level, "level", names);
        addIf(payloadCrc != page.payloadCrc, "payloadCrc", names);
        addIf(owner != page.owner, "owner", names);
        addIf(firstKey != page.firstKey, "firstKey", names);
        return names;
    }

    private static void addIf(boolean differs, String name, List<String> names) {
        if (differs) {
            names.add(name);
        }
    }
}
