package dev.cambium.tools.dump;

import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.memory.Memory;
import java.util.HexFormat;
import java.util.Map;

/** One field of a manifest's edit: what each tag is called, and what its value holds. Stateless. */
final class ManifestField {
    private record Tag(String name, Layout value) {}

    private static final Layout FIELD = Layout.empty().u16("tag").zero(2).u32("length");

    private static final int EXTENT_COUNT_OFFSET = 88;

    private static final Layout RUN = Layout.empty()
            .u64("run")
            .hex("root", 8)
            .hex("rootCrc", 4)
            .u32("tier")
            .u64("oldest")
            .u64("newest")
            .u64("minBatch")
            .u64("maxBatch")
            .u64("entries")
            .u64("tombstones")
            .u64("bytes")
            .zero(8)
            .u32("extentCount")
            .u16("firstKeyLength")
            .u16("lastKeyLength");

    private static final Layout EXTENT = Layout.empty().u32("zone").u32("pages").u64("bytes");

    private static final Map<Integer, Tag> TAGS = Map.ofEntries(
            tag(ManifestRecord.TAG_KEYSPACE, "KEYSPACE", Layout.empty().u32("id")),
            tag(
                    ManifestRecord.TAG_LOG_NEXT,
                    "LOG_NEXT",
                    Layout.empty().u64("id").u64("capacity")),
            tag(ManifestRecord.TAG_LOG_DROP, "LOG_DROP", Layout.empty().u64("firstLiveId")),
            tag(
                    ManifestRecord.TAG_CLEAN,
                    "CLEAN",
                    Layout.empty()
                            .u64("incarnation")
                            .u64("logId")
                            .u64("position")
                            .u64("batch")),
            tag(
                    ManifestRecord.TAG_LOG_ENDED,
                    "LOG_ENDED",
                    Layout.empty().u64("logId").u64("end").u64("lastBatch")),
            tag(ManifestRecord.TAG_RUN, "RUN", RUN),
            tag(ManifestRecord.TAG_RUN_DROP, "RUN_DROP", Layout.empty().u64("run")),
            tag(
                    ManifestRecord.TAG_ZONE,
                    "ZONE",
                    Layout.empty().u64("zone").u64("length").u32("stream").u32("state")),
            tag(ManifestRecord.TAG_ZONE_DROP, "ZONE_DROP", Layout.empty().u64("zone")),
            tag(
                    ManifestRecord.TAG_NEXT,
                    "NEXT",
                    Layout.empty().u64("zone").u64("run").u64("birth")),
            tag(ManifestRecord.TAG_FLUSHED, "FLUSHED", Layout.empty().u64("batch")),
            tag(ManifestRecord.TAG_COMMIT, "COMMIT", Layout.empty().u64("version")));

    private static Map.Entry<Integer, Tag> tag(int tag, String name, Layout value) {
        return Map.entry(tag, new Tag(name, value));
    }

    private ManifestField() {}

    /** The field at {@code at}, whose value of {@code length} bytes is inside {@code all}. */
    static Part read(Memory all, int at, int length) {
        int tag = all.getUnsignedShort(at);
        Tag known = TAGS.get(tag);
        Part part = new Part(known == null ? "tag " + tag : known.name, at, Part.Style.LINE);
        FIELD.read(part, all, at, at);
        int value = at + FIELD.length();
        int padding = (-length) & 7;
        Layout.empty().zero(padding).read(part, all, value + length, value + length);
        if (known == null) {
            part.field("value", value, HexFormat.of().formatHex(all.toArray(value, length)));
            if ((tag & ManifestRecord.MAY_BE_SKIPPED) != 0) {
                part.remark("an unknown tag that may be passed over");
            } else {
                part.broken("an unknown tag, of a newer version");
            }
        } else if (length < known.value.length() || !isOpenEnded(tag) && length > known.value.length()) {
            part.broken("a value of " + known.value.length() + " bytes is due");
        } else {
            known.value.read(part, all, value, value);
            if (tag == ManifestRecord.TAG_KEYSPACE) {
                part.field("name", value + 4, all.toArray(value + 4, length - 4));
            } else if (tag == ManifestRecord.TAG_RUN) {
                readRun(part, all, value, length);
            }
        }
        return part;
    }

    /** Whether more may stand behind the fixed part. */
    private static boolean isOpenEnded(int tag) {
        return tag == ManifestRecord.TAG_KEYSPACE || tag == ManifestRecord.TAG_RUN;
    }

    /** What stands behind the fixed part of a run. */
    private static void readRun(Part part, Memory all, int value, int length) {
        long extents = all.getUnsignedInt(value + EXTENT_COUNT_OFFSET);
        int firstKeyLength = all.getUnsignedShort(value + EXTENT_COUNT_OFFSET + 4);
        int lastKeyLength = all.getUnsignedShort(value + EXTENT_COUNT_OFFSET + 6);
        long keysAt = RUN.length() + extents * EXTENT.length();
        if (keysAt + firstKeyLength + lastKeyLength != length) {
            part.broken("extents and keys of " + (length - RUN.length()) + " bytes are due");
            return;
        }
        for (int at = value + RUN.length(); at < value + keysAt; at += EXTENT.length()) {
            part.child(EXTENT.read(new Part("extent", at, Part.Style.LINE), all, at, at));
        }
        int firstAt = (int) (value + keysAt);
        part.field("firstKey", firstAt, all.toArray(firstAt, firstKeyLength));
        part.field("lastKey", firstAt + firstKeyLength, all.toArray(firstAt + firstKeyLength, lastKeyLength));
    }
}
