package dev.cambium.run;

import dev.cambium.error.StoreException;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.zone.ZoneWriter;

/**
 * A zone that takes no more pages and has yet to be forced, by whoever comes first: a thread beside the lane, or the lane, before an edit names
 * it. Owns the writer. Threads: any.
 */
final class EndedZone implements AutoCloseable {
    private final ZoneWriter writer;
    private final ManifestRecord.Zone record;

    // Guarded by this object.
    private boolean isForced;
    private boolean isClosed;
    private StoreException failure;

    /** @param record what an edit may say of it once it is forced */
    EndedZone(ZoneWriter writer, ManifestRecord.Zone record) {
        this.writer = writer;
        this.record = record;
    }

    int number() {
        return record.number();
    }

    ManifestRecord.Zone record() {
        return record;
    }

    /**
     * Forces and closes the file, unless that was done.
     *
     * @throws StoreException where it fails, each time
     * @throws IllegalStateException where it was closed without
     */
    synchronized void force() {
        if (failure != null) {
            throw failure;
        }
        if (!isForced) {
            try {
                writer.force();
                isForced = true;
                close();
            } catch (StoreException e) {
                failure = e;
                throw e;
            }
        }
    }

    /** As {@link #force}, for who names nothing: a failure is told to who does. */
    synchronized void forceAhead() {
        if (isClosed) {
            return; // forced already, or given up
        }
        try {
            force();
        } catch (StoreException e) {
            assert e == failure : "kept for the next force";
        }
    }

    /** Whether {@link #force} can never return. */
    synchronized boolean hasFailed() {
        return failure != null || writer.hasFailed();
    }

    /** Closes the file; waits for a force that is under way. */
    @Override
    public synchronized void close() {
        if (!isClosed) {
            isClosed = true;
            writer.close();
        }
    }
}
