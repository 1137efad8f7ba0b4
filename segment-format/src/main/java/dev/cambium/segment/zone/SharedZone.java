package dev.cambium.segment.zone;

import dev.cambium.error.StoreException;
import dev.cambium.segment.runtime.References;

/**
 * A zone's reader and who needs it: each live run and memtable that refers into the zone holds it, each value that is being read, and
 * whoever names the zone. Closed with the last reference.
 */
public final class SharedZone {
    private final ZoneReader reader;
    private final Runnable closed;
    private final References references = new References();

    /**
     * Takes the reader over, with one reference.
     *
     * @param closed runs when the file has been closed
     */
    public SharedZone(ZoneReader reader, Runnable closed) {
        this.reader = reader;
        this.closed = closed;
    }

    public ZoneReader reader() {
        return reader;
    }

    public int number() {
        return reader.zone();
    }

    /** How many references there are. */
    public int holders() {
        return references.count();
    }

    /** Takes a reference; the caller knows that there is another. */
    public SharedZone retain() {
        if (!references.tryRetain()) {
            throw new IllegalStateException(reader.name() + " is retained after its last reference is gone");
        }
        return this;
    }

    /**
     * Gives a reference back. With the last one no reader may be inside: the epoch rule. A close that fails is logged: nothing was written
     * through it, and whoever gives the last reference back has other work to do.
     */
    public void release() {
        if (references.release()) {
            try {
                reader.close();
            } catch (StoreException e) {
                System.getLogger("dev.cambium")
                        .log(System.Logger.Level.WARNING, "a zone is not closed properly: {0}", e.getMessage());
            } finally {
                closed.run();
            }
        }
    }
}
