package dev.cambium.tools.dump;

import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.Aggregation;
import dev.cambium.segment.page.KeyedPage;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.PageFlags;
import dev.cambium.segment.page.ValueReference;

/** What is in a leaf: its entries. */
final class LeafContent extends PageContent {
    static final Layout NUMBERS = Layout.empty()
            .u16("count")
            .u16("prefixLength")
            .u8("headLength")
            .zero(1)
            .u16("tailLength")
            .u32("valueLength")
            .zero(4);
    /** Of a value that stands elsewhere. */
    static final Layout REFERENCE = Layout.empty()
            .pointer("home")
            .u64("length")
            .hex("payloadCrc", 4)
            .u32("storedLength")
            .u16("index")
            .u16("count");

    private final LeafPage leaf;

    LeafContent(Memory raw) {
        super(raw);
        leaf = new LeafPage(raw);
    }

    LeafPage page() {
        return leaf;
    }

    @Override
    void addFields(Part part, RawParts parts) {
        int count = leaf.count();
        parts.fields(NUMBERS, raw).column("heads", "head", count, KeyedPage.HEAD_BYTES);
        if (!hasFlag(PageFlags.FIXED_KEYS)) {
            parts.column("tailStart", null, count + 1, width());
        }
        if (!hasFlag(PageFlags.FIXED_VALUES)) {
            parts.column("valueStart", null, count + 1, width());
        }
        if (hasFlag(PageFlags.OPERATIONS)) {
            parts.column("operations", null, count, 1);
        }
        prefixAndTails(parts, raw, leaf).varying("values", "value", count, leaf::valueLength);
    }

    @Override
    int count() {
        return leaf.count();
    }

    /** An entry, as the log's dump shows an operation. */
    @Override
    Part item(int index) {
        int code = leaf.operation(index);
        byte[] key = leaf.key(index);
        int head = KeyedPage.HEADS_OFFSET + KeyedPage.HEAD_BYTES * index;
        int value = leaf.valueOffset(index);
        Part part = new Part(OperationCode.name(code), head, Part.Style.LINE)
                .field("entry", head, (long) index)
                .field("keyLength", head, (long) key.length)
                .field("valueLength", value, (long) leaf.valueLength(index));
        addKey(part, head, "key", key);
        if (code == OperationCode.PUT_REF) {
            REFERENCE.read(part, raw, value, value);
        } else if (code == OperationCode.PUT) {
            part.field("value", value, raw.toArray(value, leaf.valueLength(index)));
        }
        return part.brokenUnlessNull(keyProblem(leaf, index, key));
    }

    boolean isReference(int index) {
        return leaf.operation(index) == OperationCode.PUT_REF;
    }

    /** What a key page is to say of this leaf, its birth apart. */
    Aggregation sum() {
        Aggregation sum = new Aggregation();
        for (int i = 0; i < leaf.count(); i++) {
            long valueLength =
                    isReference(i) ? ValueReference.valueLength(raw, leaf.valueOffset(i)) : leaf.valueLength(i);
            sum.addEntry(leaf.keyLength(i) + valueLength, leaf.operation(i) == OperationCode.DELETE);
        }
        return sum;
    }
}
