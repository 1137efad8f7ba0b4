package dev.cambium.run;

import dev.cambium.segment.zone.ZoneReader;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A zone's reader and who needs it: each live run with pages there holds it, and so does whoever names the zone. Closed with the last
 * reference.
 */
final class ZoneHandle {
    private final ZoneReader reader;
    private final Runnable closed;
    private final AtomicInteger references = new AtomicInteger(1);

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
        int before = references.getAndIncrement();
        assert before > 0 : "a zone was retained after its last reference was gone";
        return this;
    }

    /** Gives a reference back. With the last one no reader may be inside: see {@link LiveRun}. */
    void release() {
        int left = references.decrementAndGet();
        assert left >= 0 : "released more often than retained";
        if (left == 0) {
            reader.close();
            closed.run();
        }
    }
}
