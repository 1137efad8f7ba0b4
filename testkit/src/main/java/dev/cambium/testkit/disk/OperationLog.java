package dev.cambium.testkit.disk;

import java.util.ArrayList;
import java.util.List;

/**
 * What has changed a disk so far, and the operation it is to die at.
 *
 * <p>Guarded by the disk's lock.
 */
final class OperationLog {
    private static final long NEVER = Long.MAX_VALUE;

    private final List<DiskOperation> operations = new ArrayList<>();
    private long crashOperation = NEVER;
    private int crashCut;
    private String death;

    /** Sets where the disk dies: before an operation, or after so many of its bytes. */
    void crashAt(long operation, int bytes) {
        if (operation < operations.size()) {
            throw new IllegalArgumentException(
                    "operation " + operation + " has happened, the next is " + operations.size());
        }
        if (bytes < 0) {
            throw new IllegalArgumentException("bytes is " + bytes + ", must not be negative");
        }
        crashOperation = operation;
        crashCut = bytes;
    }

    /** Lets the disk die between operations, unless it is dead. */
    void crash() {
        if (death == null) {
            death = operations.isEmpty()
                    ? "before any operation"
                    : "after operation " + operations.get(operations.size() - 1);
        }
    }

    boolean hasCrashed() {
        return death != null;
    }

    void checkAlive(SimulatedDisk disk) {
        if (death != null) {
            throw new SimulatedCrash(disk.describe() + " died " + death);
        }
    }

    long count() {
        return operations.size();
    }

    List<DiskOperation> operations() {
        return List.copyOf(operations);
    }

    /** Counts an operation; throws if the disk dies in its place. One to be cut is the caller's to begin and to end. */
    DiskOperation begin(SimulatedDisk disk, OperationKind kind, String file, long offset, int length) {
        DiskOperation operation = new DiskOperation(operations.size(), kind, file, offset, length);
        operations.add(operation);
        if (operation.number() == crashOperation) {
            if (crashCut == 0) {
                death = "before operation " + operation;
                checkAlive(disk);
            }
            if (!operation.isCutAt(crashCut)) {
                throw new IllegalStateException("cannot cut " + operation + " after " + crashCut + " bytes");
            }
        }
        return operation;
    }

    /** Whether the disk dies inside this operation. */
    boolean isCut(DiskOperation operation) {
        return operation.number() == crashOperation;
    }

    /** How many bytes of the cut operation happen. */
    int crashCut() {
        return crashCut;
    }

    /** The death itself, once those bytes are in place. */
    void dieInside(SimulatedDisk disk, DiskOperation operation) {
        death = crashCut + " bytes into operation " + operation;
        checkAlive(disk);
    }
}
