package dev.cambium.tools.dump;

import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.memory.Memory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import org.roaringbitmap.RoaringBitmap;

/** One field of a manifest's edit: what each tag is called, and what its value holds. Stateless. */
final class ManifestField {
    private record Tag(String name, Layout value) {}

    /** Bytes of a field before its value. */
    private static final int VALUE_OFFSET = 8;

    /** Bytes of an edit before its fields. */
    private static final int FIELDS_OFFSET = 16;

    private static final Set<Integer> VARYING = Set.of(
            ManifestRecord.TAG_KEYSPACE,
            ManifestRecord.TAG_RUN,
            ManifestRecord.TAG_RUN_MERGED,
            ManifestRecord.TAG_PAGES_LIVE,
            ManifestRecord.TAG_PAGES_DEAD,
            ManifestRecord.TAG_ZONE_PUNCHED);
    private static final int MOST_UNIT = 1 << 22;
    private static final int MOST_STRETCHES = 100;
    private static final Layout FIELD = Layout.empty().u16("tag").zero(2).u32("length");

    /** Names as in docs/FORMAT.md, but for the length in a ZONE: the field has a length of its own. */
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
            tag(
                    ManifestRecord.TAG_RUN,
                    "RUN",
                    Layout.empty()
                            .u64("run")
                            .pointer("root")
                            .hex("rootCrc", 4)
                            .u32("tier")
                            .u64("oldest")
                            .u64("newest")
                            .u64("minBatch")
                            .u64("maxBatch")
                            .u64("entries")
                            .u64("tombstones")
                            .u64("bytes")
                            .u64("rangeDeletes")
                            .zero(4)
                            .u16("firstKeyLength")
                            .u16("lastKeyLength")),
            tag(ManifestRecord.TAG_RUN_DROP, "RUN_DROP", Layout.empty().u64("run")),
            tag(
                    ManifestRecord.TAG_ZONE,
                    "ZONE",
                    Layout.empty().u64("zone").u64("zoneLength").u32("stream").named("state", 4, ManifestField::state)),
            tag(ManifestRecord.TAG_ZONE_DROP, "ZONE_DROP", Layout.empty().u64("zone")),
            tag(
                    ManifestRecord.TAG_NEXT,
                    "NEXT",
                    Layout.empty().u64("zone").u64("run").u64("birth")),
            tag(ManifestRecord.TAG_FLUSHED, "FLUSHED", Layout.empty().u64("batch")),
            tag(ManifestRecord.TAG_PAGES_LIVE, "PAGES_LIVE", Layout.empty().u64("zone")),
            tag(ManifestRecord.TAG_PAGES_DEAD, "PAGES_DEAD", Layout.empty().u64("zone")),
            tag(ManifestRecord.TAG_ZONE_PUNCHED, "ZONE_PUNCHED", Layout.empty().u64("zone")),
            tag(
                    ManifestRecord.TAG_RUN_MERGED,
                    "RUN_MERGED",
                    Layout.empty().u64("run").u16("fromLength").u16("toLength").zero(4)),
            tag(ManifestRecord.TAG_COMMIT, "COMMIT", Layout.empty().u64("version")));

    private ManifestField() {}

    private static Map.Entry<Integer, Tag> tag(int tag, String name, Layout value) {
        return Map.entry(tag, new Tag(name, value));
    }

    private static String state(long state) {
        ManifestRecord.ZoneState[] states = ManifestRecord.ZoneState.values();
        return state >= 1 && state <= states.length ? states[(int) state - 1].name() : Long.toString(state);
    }

    /** Bytes of a field with its padding. */
    static int paddedLength(long valueLength) {
        return VALUE_OFFSET + (int) (valueLength + 7 & -8);
    }

    /** The RUN of a run in the edit that stands in [start, end) of a manifest, which has been read before and so holds. */
    static Part readRun(ZoneFile manifest, long start, long end, long run) {
        Memory edit = Memory.allocate((int) (end - start));
        try {
            manifest.read(start, edit, 0, edit.capacity());
            int at = FIELDS_OFFSET;
            while (edit.getUnsignedShort(at) != ManifestRecord.TAG_RUN || edit.getLong(at + VALUE_OFFSET) != run) {
                at += paddedLength(edit.getUnsignedInt(at + 4));
            }
            return read(edit, at, edit.getInt(at + 4), start, Part.Style.BLOCK);
        } finally {
            edit.release();
        }
    }

    /**
     * The field at {@code at}, whose value of {@code length} bytes is inside {@code all}.
     *
     * @param base where in the file {@code all} begins
     */
    static Part read(Memory all, int at, int length, long base, Part.Style style) {
        int tag = all.getUnsignedShort(at);
        Tag known = TAGS.get(tag);
        Part part = new Part(known == null ? "tag " + tag : known.name, base + at, style);
        FIELD.read(part, all, at, base + at);
        int value = at + VALUE_OFFSET;
        int padding = (-length) & 7;
        Layout.empty().zero(padding).read(part, all, value + length, base + value + length);
        if (known == null) {
            part.field("value", base + value, HexFormat.of().formatHex(all.toArray(value, length)));
            if ((tag & ManifestRecord.MAY_BE_SKIPPED) != 0) {
                part.remark("an unknown tag that may be passed over");
            } else {
                part.broken("an unknown tag, of a newer version");
            }
            return part;
        }
        int rest = length - known.value.length();
        if (rest < 0 || rest > 0 && !VARYING.contains(tag)) {
            return part.broken("a value of " + known.value.length() + " bytes is due");
        }
        known.value.read(part, all, value, base + value);
        if (tag == ManifestRecord.TAG_KEYSPACE) {
            part.field("name", base + value + 4, all.toArray(value + 4, rest));
        } else if (tag == ManifestRecord.TAG_RUN) {
            addRun(part, all, value, rest, base);
        } else if (tag == ManifestRecord.TAG_RUN_MERGED) {
            addStretch(part, all, value, rest, base);
        } else if (VARYING.contains(tag)) {
            addUnits(part, all, value + known.value.length(), rest, base);
        }
        return part;
    }

    /** Adds what stands behind the numbers of a RUN, {@code rest} bytes. */
    private static void addRun(Part part, Memory all, int value, int rest, long base) {
        int firstKey = all.getUnsignedShort(value + 92);
        int lastKey = all.getUnsignedShort(value + 94);
        if (firstKey + lastKey != rest) {
            part.broken(firstKey + lastKey + " bytes of keys are due, and there are " + rest);
            return;
        }
        if (all.getLong(value + 80) != 0) {
            part.broken("rangeDeletes is not 0: a newer version wrote it");
        }
        int at = value + 96;
        byte[] first = all.toArray(at, firstKey);
        byte[] last = all.toArray(at + firstKey, lastKey);
        part.child(key("firstKey", first, base + at)).child(key("lastKey", last, base + at + firstKey));
    }

    /** Adds the keys between which a run counts no more, {@code rest} bytes. */
    private static void addStretch(Part part, Memory all, int value, int rest, long base) {
        int from = all.getUnsignedShort(value + 8);
        int to = all.getUnsignedShort(value + 10);
        if (from + to != rest) {
            part.broken(from + to + " bytes of keys are due, and there are " + rest);
            return;
        }
        int at = value + 16;
        part.field("from", base + at, all.toArray(at, from));
        if (to > 0) {
            part.field("to", base + at + from, all.toArray(at + from, to));
        }
    }

    /** Adds which units of a zone are meant, {@code rest} bytes: first and last of each stretch. */
    private static void addUnits(Part part, Memory all, int at, int rest, long base) {
        RoaringBitmap units = new RoaringBitmap();
        try {
            units.deserialize(ByteBuffer.wrap(all.toArray(at, rest)));
        } catch (IOException | RuntimeException e) {
            part.broken("no set of units: " + e);
            return;
        }
        StringBuilder stretches = new StringBuilder();
        int from = 0;
        for (int shown = 0; from < MOST_UNIT && units.nextValue(from) >= 0; shown++) {
            if (shown == MOST_STRETCHES) {
                stretches.append(" …");
                break;
            }
            int first = (int) units.nextValue(from);
            from = (int) units.nextAbsentValue(first);
            stretches.append(shown == 0 ? "" : " ").append(first).append('-').append(from - 1);
        }
        part.field("units", base + at, stretches.toString());
    }

    private static Part key(String name, byte[] key, long offset) {
        return PageContent.addKey(new Part(name, offset, Part.Style.LINE), offset, "key", key);
    }
}
