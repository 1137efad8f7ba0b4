package dev.cambium.benchmarks;

/**
 * A key-value store that is measured, open in a directory.
 *
 * <p>How durable a write is when its call returns was settled at the open, see {@link EngineSettings#forced}. Arrays
 * that are passed in are the caller's again after the call. {@link #put} and {@link #get} from any thread, the rest
 * from the one that opened; failures of any kind are thrown and end the run.
 */
public interface Engine extends AutoCloseable {
    void put(byte[] key, byte[] value);

    /** Puts all of them, atomically. */
    void putAll(byte[][] keys, byte[][] values);

    /** A copy of the value, or null. From any thread. */
    byte[] get(byte[] key);

    /** A cursor over what is there now. */
    EntryCursor cursor();

    /** Deletes a key. From any thread. */
    default void delete(byte[] key) {
        throw new UnsupportedOperationException("delete");
    }

    /** Holds on to what is there now, for nobody to read, until it is closed. */
    default Snapshot snapshot() {
        throw new UnsupportedOperationException("snapshot");
    }

    /** A state of an engine that is held. */
    interface Snapshot extends AutoCloseable {
        @Override
        void close();
    }

    /** Lays down what is in memory only. */
    default void flush() {
        throw new UnsupportedOperationException("flush");
    }

    /** What it has written, and what its files take. From any thread. */
    default DiskUse diskUse() {
        throw new UnsupportedOperationException("diskUse");
    }

    /** Brings the data into the form that takes least space, where the engine has a command for that. */
    default void compact() {}

    /**
     * Waits until background work that earlier writes have caused is done, so that it does not disturb what is measured
     * next.
     */
    default void settle() {}

    /** Name, version and settings, on one line. */
    String describe();

    @Override
    void close();
}
