package dev.cambium.benchmarks.simulation;

/** A put or a delete: its key times two, and one more where it is a delete. Keys are 0 or more. */
final class Write {
    private Write() {}

    static int put(int key) {
        return key << 1;
    }

    static int delete(int key) {
        return key << 1 | 1;
    }

    static int key(int write) {
        return write >> 1;
    }

    static boolean isDelete(int write) {
        return (write & 1) != 0;
    }
}
