package dev.cambium.tools.dump;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.KeyPage;
import dev.cambium.segment.page.KeyedPage;
import dev.cambium.segment.page.PageFlags;
import java.util.HexFormat;

/** What is in a key page: its children, and the separators between them. */
final class KeysContent extends PageContent {
    static final Layout NUMBERS = Layout.empty()
            .u16("count")
            .u16("prefixLength")
            .u8("headLength")
            .zero(1)
            .u16("tailLength")
            .pointer("filter");

    private final KeyPage keys;

    KeysContent(Memory raw) {
        super(raw);
        keys = new KeyPage(raw);
    }

    @Override
    void addFields(Part part, RawParts parts) {
        int count = keys.count();
        int behindHeads = KeyedPage.HEADS_OFFSET + KeyedPage.HEAD_BYTES * (count - 1) + 4;
        parts.fields(NUMBERS, raw)
                .column("heads", "head", count - 1, KeyedPage.HEAD_BYTES)
                .fields(Layout.empty().hex("filterCrc", 4).zero(-behindHeads & 7), raw)
                .column("pointer", "pointer", count, 8)
                .column("entries", "entries", count, 8)
                .column("bytes", "bytes", count, 8)
                .column("tombstones", "tombstones", count, 8)
                .column("newestBirth", "newestBirth", count, 8)
                .column("payloadCrc", "payloadCrc", count, 4);
        if (!hasFlag(PageFlags.FIXED_KEYS)) {
            parts.column("tailStart", null, count, width());
        }
        prefixAndTails(parts, raw, keys);
    }

    /** Children, and separators between them. */
    @Override
    int count() {
        return 2 * keys.count() - 1;
    }

    @Override
    Part item(int index) {
        return index % 2 == 0 ? child(index / 2) : separator(index / 2);
    }

    private Part child(int index) {
        long at = (KeyedPage.HEADS_OFFSET + KeyedPage.HEAD_BYTES * (keys.count() - 1L) + 4 + 7 & -8) + 8L * index;
        Part part = new Part("child", at, Part.Style.LINE)
                .field("index", at, (long) index)
                .field("pointer", at, new PageAddress(keys.child(index)));
        return addSums(part, at, keys, index);
    }

    /** Adds what a key page says of one of its children. */
    static Part addSums(Part part, long offset, KeyPage keys, int index) {
        return part.field("entries", offset, keys.entries(index))
                .field("bytes", offset, keys.bytes(index))
                .field("tombstones", offset, keys.tombstones(index))
                .field("newestBirth", offset, keys.newestBirth(index))
                .field("payloadCrc", offset, "0x" + HexFormat.of().toHexDigits(keys.payloadCrc(index)));
    }

    private Part separator(int index) {
        byte[] key = keys.key(index);
        int head = KeyedPage.HEADS_OFFSET + KeyedPage.HEAD_BYTES * index;
        Part part = new Part("separator", head, Part.Style.LINE)
                .field("index", head, (long) index)
                .field("keyLength", head, (long) key.length);
        return addKey(part, head, "key", key).brokenUnlessNull(keyProblem(keys, index, key));
    }
}
