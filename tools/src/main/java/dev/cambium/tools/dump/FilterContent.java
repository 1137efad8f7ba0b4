package dev.cambium.tools.dump;

import dev.cambium.segment.memory.Memory;

/** What is in a filter page: fingerprints, of which none says anything by itself. */
final class FilterContent extends PageContent {
    static final Layout NUMBERS = Layout.empty()
            .u32("algorithm")
            .u32("count")
            .hex("seed", 8)
            .u32("segmentLength")
            .u32("segmentCount");

    FilterContent(Memory raw) {
        super(raw);
    }

    @Override
    void addFields(Part part, RawParts parts) {
        parts.fields(NUMBERS, raw).column("fingerprints", null, raw.capacity() - FIELDS_OFFSET - NUMBERS.length(), 1);
    }

    @Override
    int count() {
        return 0;
    }

    @Override
    Part item(int index) {
        throw new IndexOutOfBoundsException(index);
    }
}
