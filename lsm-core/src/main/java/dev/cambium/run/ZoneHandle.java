package dev.cambium.run;

import dev.cambium.segment.runtime.References;
import dev.cambium.segment.zone.ZoneReader;

/**
 * A zone's reader and who needs it: each live run with pages there holds it, and so does whoever names the zone. Closed with the last
 * reference.
 */
final class ZoneHandle {
    private final ZoneReader reader;
    private final Runnable closed;
    private final References references = new References();

    /** @param closed runs when the file has been closed */
    ZoneHandle(ZoneReader reader, Runnable closed) {
        this.reader = reader;
        this.closed = closed;
    }

    ZoneReader reader() {
        return reader;
    }

    /** Takes a reference; the caller knows that there is another. */
    ZoneHandle retain() {
        if (!references.tryRetain()) {
            throw new IllegalStateException(reader.name() + " is retained after its last reference is gone");
        }
        return this;
    }

    /** Gives a reference back. With the last one no reader may be inside: see {@link LiveRun}. */
    void release() {
        if (references.release()) {
            reader.close();
            closed.run();
        }
    }
}
