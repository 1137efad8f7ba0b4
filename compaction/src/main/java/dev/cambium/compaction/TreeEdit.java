package dev.cambium.compaction;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.page.Aggregation;
import dev.cambium.segment.page.KeyPage;
import dev.cambium.segment.page.KeyPageBuilder;
import dev.cambium.segment.page.PageHeader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A tree in which some pages of level 1 are replaced by others: the key pages above them are written anew, up to the root, and everything else is
 * part of the new tree as it is. Pages that are written anew side by side share their children equally, and one that has become small takes those of
 * a neighbour: so the tree stays as low as if it had been written at once, about, however often it is edited. For one thread.
 */
public final class TreeEdit {
    private static final byte[] START = {};

    /**
     * New pages in the place of old ones.
     *
     * @param stretch of keys that the old ones had; from one's beginning to one's end
     * @param children of level 1, ascending; none where nothing is left
     */
    public record Replacement(Stretch stretch, List<Child> children) {}

    /** A key page that is written anew: what stands below it, in the order of keys, pages and such nodes. */
    private record Node(int level, List<Object> below) {}

    /** A key page that has no stretch to be replaced, and is not part of the new tree. */
    private record Taken(long pointer, int storedLength) {}

    private final List<Replacement> replacements;
    private final List<Taken> takenApart = new ArrayList<>();
    private final Node root;
    private int placed;

    /**
     * Reads the key pages that have to be replaced; to be called inside an epoch slot.
     *
     * @param replacements ascending
     */
    public TreeEdit(RunTree tree, List<Replacement> replacements) {
        this.replacements = replacements;
        for (int i = 1; i < replacements.size(); i++) {
            Stretch before = replacements.get(i - 1).stretch;
            if (before.endsBehind(replacements.get(i).stretch.from())) {
                throw new IllegalStateException(before + " is replaced twice, by " + replacements.get(i).stretch);
            }
        }
        KeyNode node = tree.root();
        this.root = node.level() == 1 ? new Node(2, List.copyOf(allChildren())) : read(node, new Stretch(START, null));
        boolean isWhole =
                replacements.size() == 1 && replacements.get(0).stretch.covers(START, null);
        if (node.level() == 1 ? !isWhole : placed != replacements.size()) {
            throw new IllegalStateException(
                    placed + " of " + replacements.size() + " stretches begin and end with pages of the tree");
        }
    }

    private List<Child> allChildren() {
        return replacements.stream()
                .flatMap(replacement -> replacement.children.stream())
                .toList();
    }

    private Node read(KeyNode node, Stretch whole) {
        KeyPage page = node.page();
        List<Object> below = new ArrayList<>(page.count());
        for (int i = 0; i < page.count(); i++) {
            Stretch stretch = new Stretch(
                    i == 0 ? whole.from() : page.key(i - 1), i + 1 == page.count() ? whole.to() : page.key(i));
            Replacement replacement = first(stretch);
            if (replacement != null && node.level() == 2 && !replacement.stretch.covers(stretch.from(), stretch.to())) {
                throw new IllegalStateException(
                        "a replacement of " + replacement.stretch + " cuts a page of " + stretch);
            }
            if (replacement == null) {
                below.add(child(page, i, stretch.from()));
            } else if (node.level() > 2) {
                below.add(read(node.keys(i), stretch));
            } else if (Arrays.equals(replacement.stretch.from(), stretch.from())) {
                below.addAll(replacement.children); // in the place of the first of those that it is for
                placed++;
            }
        }
        if (node.level() > 2) {
            joinSmall(node, below);
        }
        return new Node(node.level(), below);
    }

    /** Has the neighbour of a page written anew as well, where that has become small and stands alone. */
    private void joinSmall(KeyNode node, List<Object> below) {
        for (int i = 0; i < below.size(); i++) {
            boolean isSmall = below.get(i) instanceof Node inner
                    && !inner.below.isEmpty()
                    && inner.below.size() < KeyPageBuilder.FEWEST_CHILDREN;
            boolean isFirst = i == 0;
            boolean isLast = i + 1 == below.size();
            if (isSmall
                    && (isFirst || below.get(i - 1) instanceof Child)
                    && (isLast || below.get(i + 1) instanceof Child)
                    && !(isFirst && isLast)) {
                int neighbour = isLast ? i - 1 : i + 1;
                byte[] low = ((Child) below.get(neighbour)).low();
                try {
                    below.set(neighbour, takenApart(node.keys(neighbour), low));
                } catch (CorruptionException e) {
                    // It stays as it is: this edit can do without, and whoever needs a key there is told.
                }
            }
        }
    }

    /** A page that is written anew though its children stay as they are. */
    private Node takenApart(KeyNode node, byte[] low) {
        KeyPage page = node.page();
        List<Object> below = new ArrayList<>(page.count());
        for (int i = 0; i < page.count(); i++) {
            below.add(child(page, i, i == 0 ? low : page.key(i - 1)));
        }
        takenApart.add(new Taken(PageHeader.self(page.memory(), 0), PageHeader.storedLength(page.memory(), 0)));
        return new Node(node.level(), below);
    }

    private static Child child(KeyPage page, int index, byte[] low) {
        Aggregation held = new Aggregation();
        page.addTo(held, index);
        return new Child(low, page.child(index), page.payloadCrc(index), held);
    }

    /** The first replacement with keys in a stretch, or null. */
    private Replacement first(Stretch stretch) {
        for (Replacement replacement : replacements) {
            Stretch replaced = replacement.stretch;
            boolean isBefore = replaced.to() != null && Arrays.compareUnsigned(replaced.to(), stretch.from()) <= 0;
            if (!isBefore) {
                return stretch.endsBehind(replaced.from()) ? replacement : null;
            }
        }
        return null;
    }

    /**
     * Writes the key pages; returns the new root, or null where the tree is empty. Pages that go though nobody passed through them on the way to a
     * stretch are noted as such with the changes of {@code writer}.
     */
    public Child write(RunWriter writer) {
        takenApart.forEach(page -> writer.changes().addDead(page.pointer, page.storedLength));
        List<Child> top = below(root, writer);
        int level = root.level;
        while (top.size() > 1) {
            top = pack(level++, top, writer);
        }
        return top.isEmpty() ? null : top.get(0);
    }

    private List<Child> below(Node node, RunWriter writer) {
        List<Child> children = new ArrayList<>();
        List<Child> shared = new ArrayList<>(); // of nodes side by side
        for (Object below : node.below) {
            if (below instanceof Node inner) {
                shared.addAll(below(inner, writer));
            } else {
                children.addAll(pack(node.level - 1, shared, writer));
                shared.clear();
                children.add((Child) below);
            }
        }
        children.addAll(pack(node.level - 1, shared, writer));
        return children;
    }

    /** Writes key pages over children, one if that holds all of them, else some of like size. */
    private static List<Child> pack(int level, List<Child> children, RunWriter writer) {
        if (children.isEmpty()) {
            return List.of();
        }
        Child page = writer.writeKeys(level, children);
        if (page != null) {
            return List.of(page);
        }
        List<Child> pages = new ArrayList<>(pack(level, children.subList(0, children.size() / 2), writer));
        pages.addAll(pack(level, children.subList(children.size() / 2, children.size()), writer));
        return pages;
    }
}
