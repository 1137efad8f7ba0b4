package dev.cambium.benchmarks;

/** A position among all entries of an engine as they were when it was made. Key and value are copies. For one thread. */
public interface EntryCursor extends AutoCloseable {
    boolean first();

    boolean last();

    /** Moves to the first key that is not below this one. */
    boolean seek(byte[] key);

    boolean next();

    boolean previous();

    byte[] key();

    byte[] value();

    @Override
    void close();
}
