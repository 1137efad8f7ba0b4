package dev.cambium.compaction;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.log.OperationCode;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.manifest.Stretches;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.Aggregation;
import dev.cambium.segment.page.KeyPage;
import dev.cambium.segment.page.LeafPage;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValuePage;
import dev.cambium.segment.page.ValueReference;
import dev.cambium.segment.zone.SharedZone;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.LongPredicate;

/**
 * A run as a source of a merge, passed through once in the order of keys. It stands <em>before</em> a key page of level 1 or a leaf, which
 * it has not read and knows what their parent says of, or on an entry. What it stands before can be passed by ({@link #next}), because it
 * becomes part of the new run as it is, or entered ({@link #enter}), and then belongs to the old run only: that is noted as a change.
 *
 * <p>Leaves and values are read past the frames ({@link StreamedPages}); key pages come from frames. So moves happen inside an epoch slot, and
 * between them only what was copied is looked at. For one thread.
 */
public final class PageCursor implements Entry {
    /** What {@link #level} says of an entry. */
    static final int ENTRY = -1;

    private static final int SLACK = 4; // see KeyedPage.copySuffix
    private static final int LEAST_KEY_BYTES = 256;

    private final RunTree tree;
    private final StreamedPages pages;
    private final List<Stretch> stretches;
    private final PageChanges changes;
    private final Stretches dying;
    private final Memory header = Memory.allocate(PageHeader.LENGTH);
    private int stretch; // that it is in

    // Key pages from the root down to level 1, the child of each that it is in, and the keys that they lie between.
    private KeyNode[] path = {};
    private int[] child = {};
    private byte[][] lows = {};
    private byte[][] highs = {};
    private int depth;

    // What it stands before.
    private int level;
    private long pointer;
    private int payloadCrc;
    private byte[] low;
    private byte[] high;
    private boolean isWhole;
    private boolean mustMove;
    private final Aggregation held = new Aggregation();

    // Or on.
    private LeafPage leaf;
    private int index;
    private int end; // of the entries in the leaf that it passes through
    private Memory key;
    private boolean hasKey;
    private boolean isPrefixThere;
    private ValuePage values;
    private boolean isLoading;
    private long passed;

    /**
     * @param stretches of keys that it passes through, ascending and apart
     * @param changes receives the pages that it enters
     * @param dying of the run; pages that have other keys too stay part of it
     */
    PageCursor(RunTree tree, StreamedPages pages, List<Stretch> stretches, PageChanges changes, Stretches dying) {
        this.tree = tree;
        this.pages = pages;
        this.stretches = stretches;
        this.changes = changes;
        this.dying = dying;
    }

    /** The key right above another. */
    static byte[] after(byte[] last) {
        return Arrays.copyOf(last, last.length + 1);
    }

    /** Moves to where it begins; returns whether there is anything. */
    boolean first() {
        KeyNode root = loadRoot();
        depth = root.level();
        path = new KeyNode[depth];
        child = new int[depth];
        lows = new byte[depth][];
        highs = new byte[depth][];
        lows[0] = tree.run().firstKey();
        highs[0] = after(tree.run().lastKey());
        path[0] = root;
        return toStretch();
    }

    private KeyNode loadRoot() {
        isLoading = true;
        KeyNode root = tree.root();
        isLoading = false;
        return root;
    }

    /** Moves to the first page of level 1 with keys in the present stretch, or else the next. */
    private boolean toStretch() {
        while (stretch < stretches.size()) {
            Stretch here = stretches.get(stretch);
            if (Arrays.compareUnsigned(here.from(), highs[0]) >= 0) {
                return false;
            }
            if (here.endsBehind(lows[0])) {
                for (int at = 0; at < depth - 1; at++) {
                    enterAbove(at);
                    child[at] = path[at].page().childFor(here.from(), 0, here.from().length);
                    if (at < depth - 2) {
                        load(at);
                    }
                }
                return standBeforeKeys();
            }
            stretch++;
        }
        return false;
    }

    /** Notes that a key page above level 1 does not go on as it is. */
    private void enterAbove(int at) {
        if (dying.covers(lows[at], highs[at])) {
            noteEntered(path[at].page().memory());
        }
    }

    private void noteEntered(Memory raw) {
        changes.addDead(PageHeader.self(raw, 0), PageHeader.storedLength(raw, 0));
    }

    /** Loads the key page below {@code path[at]} that it is in. */
    private void load(int at) {
        isLoading = true;
        path[at + 1] = path[at].keys(child[at]);
        isLoading = false;
        lows[at + 1] = lowOf(at, child[at]);
        highs[at + 1] = highOf(at, child[at]);
    }

    private byte[] lowOf(int at, int index) {
        return index == 0 ? lows[at] : path[at].page().key(index - 1);
    }

    private byte[] highOf(int at, int index) {
        KeyPage page = path[at].page();
        return index == page.count() - 1 ? highs[at] : page.key(index);
    }

    /** Stands before the page of level 1 that the path leads to. */
    private boolean standBeforeKeys() {
        if (depth == 1) {
            KeyPage root = path[0].page();
            pointer = tree.run().root();
            payloadCrc = tree.run().rootCrc();
            held.clear();
            root.addTo(held);
            held.newestBirth = Math.max(held.newestBirth, PageHeader.birth(root.memory(), 0));
            low = lows[0];
            high = highs[0];
        } else {
            standBefore(depth - 2);
        }
        return settle(1);
    }

    /** Takes over what {@code path[at]} says of the child that it is in. */
    private void standBefore(int at) {
        KeyPage parent = path[at].page();
        int index = child[at];
        pointer = parent.child(index);
        payloadCrc = parent.payloadCrc(index);
        held.clear();
        parent.addTo(held, index);
        low = lowOf(at, index);
        high = highOf(at, index);
    }

    private boolean settle(int newLevel) {
        Stretch here = stretches.get(stretch);
        if (!here.endsBehind(low)) {
            stretch++;
            return toStretch();
        }
        level = newLevel;
        isWhole = here.covers(low, high);
        hasKey = false;
        return true;
    }

    RunTree tree() {
        return tree;
    }

    /** Entries that it has passed, those of pages that it stood before included. */
    long passed() {
        return passed;
    }

    /** Passes what it stands before or on; returns whether anything follows. */
    boolean next() {
        passed += level == ENTRY ? 1 : held.entries;
        return level != ENTRY ? level == 0 ? nextLeaf() : nextKeys() : index + 1 < end ? stand(index + 1) : nextLeaf();
    }

    private boolean nextKeys() {
        int at = depth - 2;
        while (at >= 0 && child[at] + 1 == path[at].page().count()) {
            at--;
        }
        if (at < 0) {
            stretch++; // which may begin in the last leaf, too
            return toStretch();
        }
        child[at]++;
        if (!stretches.get(stretch).endsBehind(lowOf(at, child[at]))) {
            stretch++; // before it goes into a page that has nothing of it
            return toStretch();
        }
        for (; at < depth - 2; at++) {
            load(at);
            enterAbove(at + 1);
            child[at + 1] = 0;
        }
        return standBeforeKeys();
    }

    private boolean nextLeaf() {
        int at = depth - 1;
        if (child[at] + 1 == path[at].page().count()) {
            return nextKeys();
        }
        child[at]++;
        standBefore(at);
        return settle(0);
    }

    /** Goes into the page that it stands before; returns whether anything follows. */
    boolean enter() {
        return level == 1 ? enterKeys() : enterLeaf();
    }

    private boolean enterKeys() {
        int at = depth - 1;
        if (depth > 1) {
            load(at - 1);
        }
        KeyPage page = path[at].page();
        if (dying.covers(lows[at], highs[at])) {
            noteEntered(page.memory());
            if (page.filter() != Pointer.NULL) {
                noteFilter(page.filter());
            }
        }
        byte[] from = stretches.get(stretch).from();
        child[at] = isWhole ? 0 : page.childFor(from, 0, from.length);
        standBefore(at);
        return settle(0);
    }

    private void noteFilter(long filter) {
        isLoading = true;
        tree.zone(filter).readHeader(filter, header);
        isLoading = false;
        changes.addDead(filter, PageHeader.storedLength(header, 0));
    }

    private boolean enterLeaf() {
        isLoading = true;
        leaf = pages.leaf(pointer, payloadCrc);
        isLoading = false;
        if (dying.covers(low, high)) {
            noteEntered(leaf.memory());
        }
        isPrefixThere = false;
        Stretch here = stretches.get(stretch);
        index = 0;
        end = leaf.count();
        if (!isWhole) {
            index = from(here.from());
            end = here.to() == null ? end : from(here.to());
        }
        return index < end ? stand(index) : nextLeaf();
    }

    /** The first entry that is not below a key. */
    private int from(byte[] bound) {
        int found = leaf.search(bound, 0, bound.length);
        return found < 0 ? -1 - found : found;
    }

    private boolean stand(int at) {
        level = ENTRY;
        index = at;
        values = null;
        hasKey = false;
        return true;
    }

    /** 1 or 0 where it stands before a page of that level, or {@link #ENTRY}. */
    int level() {
        return level;
    }

    /**
     * Whether the page that it stands before can become part of another run as it is: all of it belongs to the stretch, and its leaves may stay.
     * Where it, one below or its filter lies in a zone that is not worth keeping, it {@linkplain #mustMove must move}.
     */
    boolean isLinkable(IntPredicate zones, LongPredicate leaves) {
        if (!isWhole || level == 0 && !leaves.test(pointer)) {
            return false;
        }
        mustMove = !zones.test(Pointer.zone(pointer));
        if (level == 1) {
            KeyPage page = keysAhead().page();
            mustMove |= page.filter() != Pointer.NULL && !zones.test(Pointer.zone(page.filter()));
            int known = Pointer.zone(pointer);
            for (int i = 0; i < page.count(); i++) {
                if (!leaves.test(page.child(i))) {
                    return false;
                }
                int zone = Pointer.zone(page.child(i));
                mustMove |= zone != known && !zones.test(zone);
                known = zone;
            }
        }
        return true;
    }

    /** Whether the page that it stands before, which is linkable, has something in a zone that is to be left. */
    boolean mustMove() {
        return mustMove;
    }

    private KeyNode keysAhead() {
        if (depth == 1) {
            return path[0];
        }
        isLoading = true;
        KeyNode node = path[depth - 2].keys(child[depth - 2]);
        isLoading = false;
        return node;
    }

    long pointer() {
        return pointer;
    }

    int payloadCrc() {
        return payloadCrc;
    }

    /** No key of the page that it stands before is below. */
    byte[] low() {
        return low;
    }

    /** Every key of the page that it stands before is below. */
    byte[] high() {
        return high;
    }

    /** No key of the page that it stands before is above. */
    byte[] last() {
        return high == highs[0] ? tree.run().lastKey() : high;
    }

    /** What the page that it stands before holds. */
    Aggregation held() {
        return held;
    }

    /** The leaf that it stands before; valid until the next leaf or filter is read. */
    LeafPage readLeaf() {
        return readLeaf(pointer, payloadCrc);
    }

    /** A leaf below the key page that it stands before; valid until the next leaf or filter is read. */
    LeafPage readLeaf(long leafPointer, int leafCrc) {
        isLoading = true;
        LeafPage read = pages.leaf(leafPointer, leafCrc);
        isLoading = false;
        return read;
    }

    /** The filter of the key page that it stands before; valid as a leaf is. */
    void readFilter(long filterPointer, int filterCrc) {
        isLoading = true;
        pages.filter(filterPointer, filterCrc);
        isLoading = false;
    }

    /** The key page that it stands before; valid until the next, or the next long value. */
    KeyPage readKeys() {
        isLoading = true;
        KeyPage read = pages.keys(pointer, payloadCrc);
        isLoading = false;
        return read;
    }

    /** The header of a page below, not verified: the page will be, if it is read. Valid until the next. */
    Memory readHeader(long below) {
        isLoading = true;
        tree.zone(below).readHeader(below, header);
        isLoading = false;
        return header;
    }

    /** The leaf or filter that was read last as it is stored: at {@link #storedAt}. */
    Memory stored() {
        return pages.stored();
    }

    int storedAt() {
        return pages.storedAt();
    }

    /** The page that it stands before, one below or its filter goes on elsewhere. */
    void noteMoved(long from, int storedLength) {
        if (dying.covers(low, high)) {
            changes.addDead(from, storedLength);
        }
    }

    /** Whether the last page that it needed could not be read. */
    public boolean isStuck() {
        return isLoading;
    }

    /**
     * The entry is hidden by a newer one: its value goes, if that stands in a page of values; and the chunks of a long value, as far as they can
     * be read. Others stay where they are for ever, which {@code verify} tells.
     */
    void noteHidden(byte[] storeId) {
        if (isElsewhere(index)) {
            noteValueGone();
        } else if (isChunked()) {
            try (ChunkedValue value = ChunkedValue.open(this::zone, storeId, leaf.memory(), leaf.valueOffset(index))) {
                value.forEachPage(changes::addDead);
            } catch (CorruptionException e) {
                System.getLogger("dev.cambium")
                        .log(System.Logger.Level.WARNING, "a value that is gone takes room: {0}", e.getMessage());
            }
        }
    }

    /** The value goes, or is written anew elsewhere: the page that it stands in has one less. */
    void noteValueGone() {
        changes.addDeadValue(leaf.memory(), leaf.valueOffset(index));
    }

    /** Whether the value stands in a page of values: then {@link #reference} shows where, and need not be followed. */
    boolean isElsewhere() {
        return isElsewhere(index);
    }

    /** The page with the {@link ValueReference} of the entry. */
    Memory reference() {
        return leaf.memory();
    }

    /** Where the reference lies in that page. */
    int referenceOffset() {
        return leaf.valueOffset(index);
    }

    private void assembleKey() {
        if (level != ENTRY) {
            ensureKey(low.length);
            key.put(0, low, 0, low.length);
            isPrefixThere = false;
        } else {
            ensureKey(leaf.keyLength(index));
            if (!isPrefixThere) {
                leaf.copyPrefix(key);
                isPrefixThere = true;
            }
            leaf.copySuffix(index, key);
        }
        hasKey = true;
    }

    private void ensureKey(int length) {
        if (key == null || key.capacity() < length + SLACK) {
            if (key != null) {
                key.release();
            }
            key = Memory.allocate(Math.max(LEAST_KEY_BYTES, 2 * (length + SLACK)));
            isPrefixThere = false;
        }
    }

    /** The key, or what no key of the page that it stands before is below. */
    @Override
    public Memory keyMemory() {
        if (!hasKey) {
            assembleKey();
        }
        return key;
    }

    @Override
    public int keyOffset() {
        return 0;
    }

    @Override
    public int keyLength() {
        return level == ENTRY ? leaf.keyLength(index) : low.length;
    }

    private boolean isElsewhere(int entry) {
        return leaf.operation(entry) == OperationCode.PUT_REF
                && !ValueReference.isChunked(leaf.memory(), leaf.valueOffset(entry));
    }

    private ValuePage values() {
        if (values == null) {
            isLoading = true;
            values = pages.values(leaf, index);
            isLoading = false;
        }
        return values;
    }

    @Override
    public Memory valueMemory() {
        return isElsewhere(index) ? values().memory() : leaf.memory();
    }

    @Override
    public int valueOffset() {
        return isElsewhere(index)
                ? values().valueOffset(ValueReference.index(leaf.memory(), leaf.valueOffset(index)))
                : leaf.valueOffset(index);
    }

    @Override
    public int valueLength() {
        return isElsewhere(index)
                ? (int) ValueReference.valueLength(leaf.memory(), leaf.valueOffset(index))
                : leaf.valueLength(index);
    }

    @Override
    public boolean isTombstone() {
        return leaf.operation(index) == OperationCode.DELETE;
    }

    @Override
    public boolean isChunked() {
        return leaf.operation(index) == OperationCode.PUT_REF
                && ValueReference.isChunked(leaf.memory(), leaf.valueOffset(index));
    }

    @Override
    public SharedZone zone(long at) {
        return tree.sharedZone(at);
    }

    /** Gives its memory back. */
    void release() {
        header.release();
        if (key != null) {
            key.release();
            key = null;
        }
    }
}
