package dev.cambium.run;

import dev.cambium.error.StoreException;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestRecord.ZoneState;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.zone.ZoneHeader;
import dev.cambium.segment.zone.ZoneWriter;

/**
 * A zone that puts append to, or have appended to: how far values in it are whole, how far records may refer to it, and how far it is forced. Owns the writer.
 *
 * <p>Threads: {@link #forceReferred}, {@link #forceTo} and {@link #forceAhead} any; the rest is for one thread at a time, beside those.
 */
final class PutZone implements AutoCloseable {
    /*
     * referred <= whole <= flushed, and forced <= flushed. A put flushes its pages, which makes its value whole; then it says that a record may refer to them;
     * then comes the record. So all that a record refers to survives the death of the process, and a force that begins later than the record has all of it.
     * No edit names more than is whole as long as a put is under way here, so what lies behind may be given back when it fails.
     */
    private final ZoneWriter writer;
    private final int stream;
    private int whole; // end of the last page of a value of which all has been flushed
    private int users; // puts with pages in it whose record is not applied yet
    private long askedThrough; // the background was asked to force what lies before
    private boolean isSealed; // else it has been cut, where it takes no more pages
    private boolean hasEnded;
    private volatile int referred; // end of the last page that a record may refer to

    // Guarded by this object, which is held while the file is forced.
    private StoreException failure; // of a force
    private boolean isClosed;

    /** @param writer new, or continued: what is forced of it has been named */
    PutZone(ZoneWriter writer, int stream) {
        this.writer = writer;
        this.stream = stream;
        this.whole = writer.forcedLength();
        this.referred = whole;
    }

    int number() {
        return writer.zone();
    }

    boolean hasRoomFor(int length) {
        return !hasEnded && !writer.hasFailed() && writer.hasRoomFor(length);
    }

    /** Appends a page; {@link #writer} tells where it stands. Where it throws, the zone is to be {@linkplain #cut cut}. */
    void append(Memory page, int length, int kind) {
        writer.append(page, length, kind, 0, 0, 0, 0, 0);
    }

    ZoneWriter writer() {
        return writer;
    }

    void addUser() {
        users++;
    }

    void removeUser() {
        users--;
    }

    boolean isUsed() {
        return users > 0;
    }

    /** Whether so much was flushed that nobody has forced that the background should; asked again, it is for what comes then. */
    boolean asksForForce(int bytes) {
        int flushed = writer.flushedLength();
        boolean asks = flushed - Math.max(askedThrough, writer.forcedLength()) >= bytes;
        if (asks) {
            askedThrough = flushed;
        }
        return asks;
    }

    /**
     * Flushes a value's pages, the last of which ends at {@code end}; they survive the death of the process then. Where it throws, the zone is to be cut.
     *
     * @return false where that cannot be had any more, since something else has failed
     */
    boolean makeWhole(int end) {
        if (end > writer.flushedLength()) {
            if (hasEnded || writer.hasFailed()) {
                return false;
            }
            writer.flush();
        }
        if (!canBeForced(end)) {
            return false;
        }
        whole = Math.max(whole, end);
        return true;
    }

    /** Says that records may refer to pages up to {@code end}; false where those cannot be forced any more, and no record may. */
    boolean refer(int end) {
        if (!canBeForced(end)) {
            return false;
        }
        referred = Math.max(referred, end);
        return canBeForced(end); // else a force has failed meanwhile, and did not know of it
    }

    private boolean canBeForced(int end) {
        return end <= writer.flushedLength() && (end <= writer.forcedLength() || !writer.hasForceFailed());
    }

    /** End of the last page of a value that is whole: readers may read so far. */
    int whole() {
        return whole;
    }

    /** Takes no more pages: directory and footer are written. Where it throws, the zone is to be cut. */
    void seal() {
        writer.seal();
        isSealed = true;
        hasEnded = true;
    }

    boolean hasEnded() {
        return hasEnded;
    }

    /** Whether all that was ever appended to it is of puts that have failed. */
    boolean hasNothing() {
        return whole == ZoneHeader.LENGTH && !isUsed();
    }

    /** Takes no more pages; what lies behind the last value that is whole is given back. Not to be called once an edit may have said that it is sealed. */
    synchronized void cut() {
        isSealed = false;
        hasEnded = true;
        if (!isClosed && (whole < writer.length() || writer.hasFailed())) {
            writer.cut(whole);
        }
    }

    /** Whether a record may refer to what is not forced. */
    private boolean isDue() {
        return referred > writer.forcedLength();
    }

    /**
     * Forces what records may refer to, unless that was done.
     *
     * @throws StoreException where it fails, each time
     */
    void forceReferred() {
        if (isDue()) {
            force();
        }
    }

    /** As {@link #forceReferred}, for a value that no record refers to yet. */
    void forceTo(int end) {
        if (end > writer.forcedLength()) {
            force();
        }
    }

    /** Forces what was flushed; a failure is told to who needs it. */
    void forceAhead() {
        try {
            force();
        } catch (StoreException e) {
            System.getLogger("dev.cambium")
                    .log(System.Logger.Level.WARNING, "the force of a zone failed: {0}", e.getMessage());
        }
    }

    private synchronized void force() { // excludes other forces: the system reports a failed one to one caller only
        if (failure != null) {
            throw failure;
        }
        if (!isClosed) {
            try {
                writer.forceFlushed();
            } catch (StoreException e) {
                failure = e;
                throw e;
            }
        }
    }

    /** Whether records may refer to what can never be forced. */
    boolean isLost() {
        return writer.hasForceFailed() && isDue();
    }

    /** What an edit may say of it: no more than is forced; and not that it has ended where it is lost, for a recovery may find what records refer to. */
    ManifestRecord.Zone record() {
        int forced = writer.forcedLength();
        boolean isForced = forced == writer.flushedLength();
        if (isSealed && isForced && !isUsed()) {
            return new ManifestRecord.Zone(number(), forced, stream, ZoneState.SEALED);
        }
        boolean isCut = hasEnded && !isSealed && isForced || writer.hasFailed() && !isDue();
        return new ManifestRecord.Zone(
                number(), Math.min(forced, whole), stream, isCut ? ZoneState.CUT : ZoneState.OPEN);
    }

    /** Closes the file; waits for a force that is under way. Idempotent. */
    @Override
    public synchronized void close() {
        if (!isClosed) {
            isClosed = true;
            writer.close();
        }
    }
}
