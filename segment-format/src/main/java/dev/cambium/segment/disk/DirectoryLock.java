package dev.cambium.segment.disk;

/** A store's directory, held by one opener. Closing it lets the next one in; idempotent. */
public interface DirectoryLock extends AutoCloseable {
    @Override
    void close();
}
