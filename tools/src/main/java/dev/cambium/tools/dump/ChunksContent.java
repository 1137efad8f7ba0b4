package dev.cambium.tools.dump;

import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.ChunkList;

/** What is in a chunk list: where the parts of a long value are. */
final class ChunksContent extends PageContent {
    static final Layout NUMBERS = Layout.empty().u32("count").zero(4).u64("length");
    private static final Layout CHUNK =
            Layout.empty().pointer("home").hex("payloadCrc", 4).u32("length");

    private final ChunkList list;

    ChunksContent(Memory raw) {
        super(raw);
        list = new ChunkList(raw);
    }

    @Override
    void addFields(Part part, RawParts parts) {
        parts.fields(NUMBERS, raw).column("chunks", "chunk", list.count(), CHUNK.length());
    }

    @Override
    int count() {
        return list.count();
    }

    @Override
    Part item(int index) {
        int at = ChunkList.CHUNKS_OFFSET + CHUNK.length() * index;
        Part part = new Part("chunk", at, Part.Style.LINE).field("index", at, (long) index);
        return CHUNK.read(part, raw, at, at);
    }
}
