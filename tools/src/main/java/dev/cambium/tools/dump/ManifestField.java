package dev.cambium.tools.dump;

import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.memory.Memory;
import java.util.HexFormat;
import java.util.Map;

/** One field of a manifest's edit: what each tag is called, and what its value holds. Stateless. */
final class ManifestField {
    private record Tag(String name, Layout value) {}

    private static final Layout FIELD = Layout.empty().u16("tag").zero(2).u32("length");

    private static final Map<Integer, Tag> TAGS = Map.of(
            ManifestRecord.TAG_KEYSPACE, new Tag("KEYSPACE", Layout.empty().u32("id")),
            ManifestRecord.TAG_LOG_NEXT,
                    new Tag("LOG_NEXT", Layout.empty().u64("id").u64("capacity")),
            ManifestRecord.TAG_LOG_DROP, new Tag("LOG_DROP", Layout.empty().u64("firstLiveId")),
            ManifestRecord.TAG_CLEAN,
                    new Tag(
                            "CLEAN",
                            Layout.empty()
                                    .u64("incarnation")
                                    .u64("logId")
                                    .u64("position")
                                    .u64("batch")),
            ManifestRecord.TAG_LOG_ENDED,
                    new Tag("LOG_ENDED", Layout.empty().u64("logId").u64("end").u64("lastBatch")),
            ManifestRecord.TAG_COMMIT, new Tag("COMMIT", Layout.empty().u64("version")));

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
        } else if (length < known.value.length()
                || tag != ManifestRecord.TAG_KEYSPACE && length > known.value.length()) {
            part.broken("a value of " + known.value.length() + " bytes is due");
        } else {
            known.value.read(part, all, value, value);
            if (tag == ManifestRecord.TAG_KEYSPACE) {
                part.field("name", value + 4, all.toArray(value + 4, length - 4));
            }
        }
        return part;
    }
}
