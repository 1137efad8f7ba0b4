package dev.cambium.testkit.disk;

import dev.cambium.error.DiskFullException;
import dev.cambium.error.StoreIOException;
import java.util.function.Predicate;

/**
 * Which operations of a disk fail, and how: of those of one kind on matching files the n-th, or all from the n-th on.
 *
 * <pre>{@code
 * FaultRule.on(OperationKind.FORCE).inFiles(name -> name.endsWith(".log")).fromThe(3).always()
 * }</pre>
 *
 * @param first the first one that fails, counted from 1
 * @param forever whether all later ones fail too
 * @param diskFull whether it fails for lack of room, with a {@link DiskFullException}
 * @param partialBytes how many bytes a failing write or store leaves behind, rounded down to where it can be cut
 */
public record FaultRule(
        OperationKind kind, Predicate<String> file, long first, boolean forever, boolean diskFull, int partialBytes) {

    public FaultRule {
        if (first < 1) {
            throw new IllegalArgumentException("first is " + first + ", operations are counted from 1");
        }
        if (partialBytes < 0) {
            throw new IllegalArgumentException("partialBytes is " + partialBytes + ", must not be negative");
        }
    }

    /** The first operation of a kind fails, in any file, once, as if the device was broken. */
    public static FaultRule on(OperationKind kind) {
        return new FaultRule(kind, any -> true, 1, false, false, 0);
    }

    /** Looks at files only whose name matches; the directory's name is empty, a rename's has the form {@code a -> b}. */
    public FaultRule inFiles(Predicate<String> matching) {
        return new FaultRule(kind, matching, first, forever, diskFull, partialBytes);
    }

    /** Lets those before the n-th succeed, counted from 1. */
    public FaultRule fromThe(long nth) {
        return new FaultRule(kind, file, nth, forever, diskFull, partialBytes);
    }

    /** Lets all later ones fail too. */
    public FaultRule always() {
        return new FaultRule(kind, file, first, true, diskFull, partialBytes);
    }

    /** Fails with a {@link DiskFullException} instead of a {@link StoreIOException}. */
    public FaultRule forLackOfRoom() {
        return new FaultRule(kind, file, first, forever, true, partialBytes);
    }

    /** Lets a failing write or store leave its first bytes behind. */
    public FaultRule leaving(int bytes) {
        return new FaultRule(kind, file, first, forever, diskFull, bytes);
    }

    boolean matches(OperationKind operation, String name) {
        return kind == operation && file.test(name);
    }

    StoreIOException failure(DiskOperation operation) {
        return diskFull
                ? new DiskFullException("cannot " + operation + ": no space left on device (injected)", null)
                : new StoreIOException("cannot " + operation + ": input/output error (injected)", null);
    }
}
