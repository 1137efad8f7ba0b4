package dev.cambium.tools.dump;

import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZoneHeader;

/** Shows one page and all that is in it: docs/FORMAT.md, section 9. */
public final class PageDump {
    private final PartWriter out;
    private final ZoneFile file;
    private final PageName name;
    private final byte[] storeId;
    private boolean sound = true;

    private PageDump(PartWriter out, ZoneFile file, PageName name, byte[] storeId) {
        this.out = out;
        this.file = file;
        this.name = name;
        this.storeId = storeId;
    }

    /**
     * Shows it; returns whether it holds.
     *
     * @param page a pointer, or zone and offset
     * @param limit of what is in the page, to be shown
     * @param hex whether its bytes are shown too
     */
    public static boolean run(ZoneFileSystem disk, String page, long limit, boolean hex, PartWriter out) {
        PageName name = PageName.parse(page);
        StoreFacts facts = StoreFacts.read(disk);
        try (ZoneFile file = FileReader.open(disk, ZoneFiles.name(name.zone()))) {
            byte[] storeId =
                    ZoneHeaderDump.read(file, name.zone(), facts.storeId()).storeId();
            return new PageDump(out, file, name, storeId).run(facts, limit, hex);
        }
    }

    private boolean run(StoreFacts facts, long limit, boolean hex) {
        long end = file.length();
        if (end - name.offset() < PageHeader.LENGTH) {
            throw PageName.wrong(
                    file.name() + " has " + end + " bytes, so no page begins at " + name.offset() + " of it");
        }
        try (StoredPage page = StoredPage.read(file, name.zone(), name.offset(), end, storeId)) {
            requireMeant(page);
            out.write(new Part(file.name(), 0, Part.Style.LINE).remark(end + " bytes; " + facts.describe(name.zone())));
            long pointer = name.pointer() == Pointer.NULL && page.hasHeader()
                    ? PageHeader.self(page.stored(), 0)
                    : name.pointer();
            if (pointer != Pointer.NULL) {
                write(new PageAddress(pointer)
                        .addTo(new Part("pointer", name.offset(), Part.Style.LINE), name.offset()));
            }
            Part header = PageHeaderDump.block(page.stored(), name.offset()).brokenUnlessNull(page.storedProblem());
            write(page.hasHeader() ? header.brokenUnlessNull(PageHeaderDump.ownerProblem(page.stored())) : header);
            HexDump marks = hex ? new HexDump() : null;
            content(page, marks, limit);
            if (hex) {
                hex(page, marks);
            }
            return sound;
        }
    }

    private void write(Part part) {
        sound &= part.holds();
        out.write(part);
    }

    /** Throws where the command line names no page, as far as that can be told from damage. */
    private void requireMeant(StoredPage page) {
        if (!page.hasHeader()) {
            requireNotInside();
        } else if (name.pointer() != Pointer.NULL && PageHeader.self(page.stored(), 0) != name.pointer()) {
            throw PageName.wrong("the page at " + name.zone() + ":" + name.offset() + " has the pointer "
                    + new PageAddress(PageHeader.self(page.stored(), 0)) + ", not "
                    + new PageAddress(name.pointer()).digits());
        }
    }

    /** Throws where the pages before lead beyond the place that was named, so that none begins there. */
    private void requireNotInside() {
        long end = file.length();
        if (ZoneEndDump.isThere(file, end)) {
            ZoneEndDump ending = ZoneEndDump.read(file, name.zone(), end);
            if (ending.holds() && name.offset() >= ending.dataEnd()) {
                throw PageName.wrong("the pages of " + file.name() + " end at " + ending.dataEnd()
                        + ", where its directory begins; none begins at " + name.offset());
            }
        }
        Memory header = Memory.allocate(PageHeader.LENGTH);
        try {
            long at = ZoneHeader.LENGTH;
            while (at < name.offset()) {
                file.read(at, header, 0, PageHeader.LENGTH);
                int available = (int) Math.min(end - at, Integer.MAX_VALUE);
                if (PageHeaderDump.problem(header, available, storeId, name.zone(), at, file.name()) != null) {
                    return;
                }
                int length = PageHeader.storedLength(header, 0);
                if (at + length > name.offset()) {
                    throw PageName.wrong("no page begins at " + name.zone() + ":" + name.offset()
                            + ": that is inside the page at " + name.zone() + ":" + at + ", which has " + length
                            + " bytes");
                }
                at += length + Pointer.ALIGNMENT - 1 & -Pointer.ALIGNMENT;
            }
        } finally {
            header.release();
        }
    }

    private void content(StoredPage page, HexDump marks, long limit) {
        if (page.raw() == null) {
            if (page.hasHeader()) {
                write(new Part("raw page", name.offset(), Part.Style.LINE).broken(page.rawProblem()));
            }
            return;
        }
        if (page.rawProblem() != null) {
            write(PageContent.unchecked(page.raw()).broken(page.rawProblem()));
            return;
        }
        PageContent content = PageContent.of(page.raw());
        write(content.fields(marks).remark("offsets from here on are those of the raw page"));
        for (int i = 0; i < content.count() && !out.isClosed(); i++) {
            Part item = content.item(i);
            if (i == limit) {
                out.write(new Part("end", item.offset(), Part.Style.LINE).remark("stops here: --limit is reached"));
                return;
            }
            write(item);
        }
    }

    /** @param content what the raw page has where */
    private void hex(StoredPage page, HexDump content) {
        Memory stored = page.stored();
        boolean isRaw = !page.hasHeader() || PageHeader.codec(stored, 0) == PageHeader.CODEC_NONE;
        Part part = new Part("stored page", name.offset(), Part.Style.LINE)
                .field("length", name.offset(), (long) stored.capacity());
        out.write(part.remark(isRaw ? "it is the raw page too, with offsets in the zone" : "offsets in the zone"));
        if (page.raw() == null || page.rawProblem() != null) {
            content.mark(PageHeader.LENGTH, 1, "payload");
        }
        HexDump marks = isRaw ? content : new HexDump();
        PageHeaderDump.mark(marks, stored);
        if (page.hasHeader()) {
            int length = PageHeader.storedLength(stored, 0);
            if (!isRaw) {
                marks.mark(PageHeader.LENGTH, 1, "LZ4 block");
            }
            marks.mark(length, stored.capacity() - length, "zero");
        }
        marks.write(stored, 0, stored.capacity(), name.offset(), out);
        if (!isRaw && page.raw() != null) {
            out.write(new Part("raw page", 0, Part.Style.LINE)
                    .field("length", 0, (long) page.raw().capacity())
                    .remark("behind its header, which is the same"));
            content.write(page.raw(), PageHeader.LENGTH, page.raw().capacity(), 0, out);
        }
    }
}
