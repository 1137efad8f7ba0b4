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
