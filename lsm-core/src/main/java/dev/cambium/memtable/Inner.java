package dev.cambium.memtable;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A node above the leaves: {@code n} children and the {@code n - 1} keys that separate them. Separator {@code i} is the
 * smallest key that belongs under child {@code i + 1}.
 *
 * <p>The separators never change. A child slot is changed by the writer while the node carries the writer's current stamp, by
 * one release store; a child's stamp is never above its parent's, so a node of an older stamp roots a frozen subtree.
 */
final class Inner {
    private static final VarHandle CHILD = MethodHandles.arrayElementVarHandle(Object[].class);

    final long stamp;
    final long[] separators;
    final Object[] children;

    /** Sum over the subtree, once it was asked for while frozen. Written by any thread, always with the same value. */
    private Aggregate aggregate;

    Inner(long stamp, long[] separators, Object[] children) {
        assert KeyBlock.sorted(separators) == children.length - 1;
        this.stamp = stamp;
        this.separators = separators;
        this.children = children;
    }

    Object child(int index) {
        return CHILD.getAcquire(children, index);
    }

    void publish(int index, Object child) {
        CHILD.setRelease(children, index, child);
    }

    /** A copy for the writer, with one child replaced. */
    Inner withChild(int index, Object child, long stamp) {
        Object[] copy = children.clone();
        copy[index] = child;
        return new Inner(stamp, separators, copy);
    }

    static long stampOf(Object node) {
        return node instanceof Inner inner ? inner.stamp : KeyBlock.stamp((long[]) node);
    }

    /**
     * What the subtree holds.
     *
     * @param current the writer's stamp: sums of older nodes are kept
     */
    Aggregate aggregate(Arena arena, long current) {
        Aggregate known = aggregate;
        if (known != null) {
            return known;
        }
        Aggregate sum = Aggregate.NONE;
        for (int i = 0; i < children.length; i++) {
            sum = sum.plus(Aggregate.of(child(i), arena, current));
        }
        if (stamp < current) {
            aggregate = sum;
        }
        return sum;
    }
}
