package dev.cambium.tools.dump;

import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.Stretches;
import dev.cambium.segment.page.Aggregation;
import dev.cambium.segment.page.FilterPage;
import dev.cambium.segment.page.KeyPage;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.Pointer;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Shows the tree of a run: each page before its children, indented by its depth, with what is said of it where it is
 * named; and says where what is said is not what is there. Goes on behind a page that does not hold. One thread.
 */
final class TreeDump implements AutoCloseable {
    /**
     * What is said of a page where it is named, and between which keys its own must lie.
     *
     * @param newestBirth -1 where it is not said
     * @param level -1 where it is not said
     * @param low the separator before it, empty where there is none
     * @param high the separator behind it, or null
     */
    private record Named(
            long pointer,
            int payloadCrc,
            long entries,
            long bytes,
            long tombstones,
            long newestBirth,
            int level,
            byte[] low,
            byte[] high) {}

    private final ManifestRecord.Run run;
    private final Stretches merged;
    private final RunPages pages;
    private final long limit;
    private final boolean showEntries;
    private final PartWriter out;
    private long nodes;
    private long leaves;
    private long entries;
    private boolean limited;
    private boolean sound = true;

    TreeDump(
            ZoneFileSystem disk,
            StoreFacts facts,
            ManifestRecord.Run run,
            long limit,
            boolean showEntries,
            PartWriter out) {
        this.run = run;
        this.merged = facts.state().merged(run.id());
        this.pages = new RunPages(disk, facts);
        this.limit = limit;
        this.showEntries = showEntries;
        this.out = out;
    }

    /** Shows it; returns whether it holds, as far as it was shown. */
    boolean run() {
        Named root = new Named(
                run.root(),
                run.rootCrc(),
                run.entries(),
                run.bytes(),
                run.tombstones(),
                -1,
                -1,
                run.firstKey(),
                Arrays.copyOf(run.lastKey(), run.lastKey().length + 1));
        node(root, 0);
        if (!out.isClosed()) {
            write(end());
        }
        return sound;
    }

    private void write(Part part) {
        sound &= part.holds();
        out.write(part);
    }

    private Part end() {
        Part end = new Part("end", Pointer.offset(run.root()), Part.Style.LINE)
                .field("nodes", 0, nodes)
                .field("leaves", 0, leaves)
                .field("entries", 0, entries);
        if (limited) {
            return end.remark("stops here: --limit is reached");
        } else if (!sound) {
            return end.remark("not all of the tree holds");
        }
        return end.holds() ? end.remark("all adds up") : end;
    }

    private void node(Named named, int depth) {
        if (nodes == limit) {
            limited = true;
        }
        if (limited || out.isClosed()) {
            return;
        }
        nodes++;
        PageAddress address = new PageAddress(named.pointer);
        long at = Pointer.offset(named.pointer);
        Part part = new Part(address.kind(), at, Part.Style.LINE)
                .depth(depth)
                .field("pointer", at, address)
                .field("payloadCrc", at, "0x" + HexFormat.of().toHexDigits(named.payloadCrc))
                .field("entries", at, named.entries)
                .field("bytes", at, named.bytes)
                .field("tombstones", at, named.tombstones);
        if (named.newestBirth >= 0) {
            part.field("newestBirth", at, named.newestBirth);
        }
        if (merged.covers(named.low, named.high)) {
            write(part.remark("all of it has gone into the base"));
            return;
        }
        try (StoredPage page = pages.read(named.pointer, named.payloadCrc, this::isOwner, part)) {
            if (page == null) {
                write(part);
                return;
            }
            int level = PageHeader.level(page.stored(), 0);
            part.field("level", at, (long) level);
            if (named.level >= 0 && level != named.level) {
                write(part.broken("it has the level " + level + " below a page of level " + (named.level + 1)));
            } else if (level == 0) {
                leaf(part, named, new LeafContent(page.raw()), PageHeader.birth(page.stored(), 0), depth);
            } else {
                keys(part, named, new KeyPage(page.raw()), level, PageHeader.birth(page.stored(), 0), depth);
            }
        }
    }

    private void keys(Part part, Named named, KeyPage keys, int level, long birth, int depth) {
        long at = part.offset();
        part.field("count", at, (long) keys.count());
        Aggregation sum = new Aggregation();
        sum.newestBirth = birth;
        keys.addTo(sum);
        compare(part, named, sum);
        if (keys.filter() != Pointer.NULL) {
            part.field("filter", at, new PageAddress(keys.filter()));
            filter(part, keys, sum.entries);
        }
        write(part);
        for (int i = 0; i < keys.count(); i++) {
            node(
                    new Named(
                            keys.child(i),
                            keys.payloadCrc(i),
                            keys.entries(i),
                            keys.bytes(i),
                            keys.tombstones(i),
                            keys.newestBirth(i),
                            level - 1,
                            i == 0 ? named.low : keys.key(i - 1),
                            i == keys.count() - 1 ? named.high : keys.key(i)),
                    depth + 1);
        }
    }

    /** A page is of the run, or of an earlier one that was merged into it. */
    private boolean isOwner(long owner) {
        return owner > 0 && owner <= run.id();
    }

    private void filter(Part part, KeyPage keys, long below) {
        try (StoredPage page = pages.read(keys.filter(), keys.filterCrc(), this::isOwner, part)) {
            if (page != null && new FilterPage(page.raw()).count() != below) {
                part.broken("its filter has " + new FilterPage(page.raw()).count() + " keys");
            }
        }
    }

    private void leaf(Part part, Named named, LeafContent content, long birth, int depth) {
        LeafPage leaf = content.page();
        Aggregation sum = content.sum();
        sum.newestBirth = birth;
        compare(part, named, sum);
        byte[] first = leaf.key(0);
        byte[] last = leaf.key(leaf.count() - 1);
        PageContent.addKey(part, part.offset(), "firstKey", first);
        if (Arrays.compareUnsigned(first, named.low) < 0) {
            part.broken("its first key is below the separator before it");
        }
        if (named.high != null && Arrays.compareUnsigned(last, named.high) >= 0) {
            part.broken("its last key is not below the separator behind it");
        }
        for (int i = 0; i < leaf.count(); i++) {
            String problem = PageContent.keyProblem(leaf, i, leaf.key(i));
            if (problem != null) {
                part.broken("key " + i + ": " + problem);
                break;
            }
        }
        pages.noteValues(content, merged, part);
        leaves++;
        entries += leaf.count();
        write(part);
        for (int i = 0; showEntries && i < leaf.count() && !out.isClosed(); i++) {
            out.write(content.item(i).depth(depth + 1));
        }
    }

    private static void compare(Part part, Named named, Aggregation found) {
        compare(part, "entries", named.entries, found.entries);
        compare(part, "bytes", named.bytes, found.bytes);
        compare(part, "tombstones", named.tombstones, found.tombstones);
        if (named.newestBirth >= 0) {
            compare(part, "newestBirth", named.newestBirth, found.newestBirth);
        }
    }

    private static void compare(Part part, String name, long said, long found) {
        if (said != found) {
            part.broken("the page comes to " + name + " " + found);
        }
    }

    @Override
    public void close() {
        pages.close();
    }
}
