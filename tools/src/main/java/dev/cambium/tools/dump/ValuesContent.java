package dev.cambium.tools.dump;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.ValuePage;

/** What is in a page of values. */
final class ValuesContent extends PageContent {
    static final Layout NUMBERS = Layout.empty().u32("count").zero(4);

    private final ValuePage values;

    ValuesContent(Memory raw) {
        super(raw);
        values = new ValuePage(raw);
    }

    @Override
    void addFields(Part part, RawParts parts) {
        parts.fields(NUMBERS, raw)
                .column("valueStart", null, values.count() + 1, 4)
                .varying("values", "value", values.count(), values::valueLength);
    }

    @Override
    int count() {
        return values.count();
    }

    @Override
    Part item(int index) {
        int at = values.valueOffset(index);
        return new Part("value", at, Part.Style.LINE)
                .field("index", at, (long) index)
                .field("length", at, (long) values.valueLength(index))
                .field("value", at, raw.toArray(at, values.valueLength(index)));
    }
}
