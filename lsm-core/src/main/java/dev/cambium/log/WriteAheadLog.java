package dev.cambium.log;

import dev.cambium.error.DiskFullException;
import dev.cambium.error.StoreException;
import dev.cambium.error.WriterFailedException;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.log.LogFile;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.runtime.BackgroundExecutor;
import dev.cambium.segment.runtime.RandomSource;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * The log that is written now, as one endless sequence of positions over a chain of files.
 *
 * <p>The next file is prepared in the background: written with zeros, forced, named in the manifest; where it is needed earlier,
 * the writer prepares it itself. Files begin small and double, so that a small store stays small; the first one asks for its
 * successor when it is half full, the others at once, so that a fast writer does not get ahead of the preparation.
 *
 * <p>Durability: {@link #append} survives the death of the process; {@link #force} makes everything appended before survive a
 * power loss, in the order of positions: files that were left behind unforced are forced first, and before them the pages that records refer to.
 *
 * <p>Threads: one writer (the commit leader); the background executor only runs {@link #prepareNext} and forces early what nobody has asked for yet. A failed append or force
 * is final, see {@link LogFile}; a file that could not be prepared (a full disk) is not: nothing was appended.
 */
public final class WriteAheadLog implements AutoCloseable {
    private static final long SMALLEST_CAPACITY = 1 << 20;
    private static final int GROWTH = 2;

    /** After so many bytes that nobody has forced, of records and long values, the background does: whoever needs all of them on the disk finds most of it done. */
    private static final long EARLY_BYTES = 16 << 20;

    private final ZoneFileSystem disk;
    private final Manifest manifest;
    private final RandomSource random;
    private final BackgroundExecutor background;
    private final long largestCapacity;
    private final ReferredPages pages;

    private volatile LogFile current;
    private volatile long forcedThrough;
    private boolean askedForNext;
    private long askedThrough; // the background was asked to force what lies before
    private long referredBytes; // of long values that records behind that refer to

    /** Files that were left behind and are not known to be forced, oldest first; changed by the writer alone. */
    private final Deque<LeftFile> left = new ConcurrentLinkedDeque<>();

    /** A file that was left behind. The background forces it early, so that the writer's force finds it done. */
    private static final class LeftFile {
        private final LogFile file;
        private boolean closed;

        LeftFile(LogFile file) {
            this.file = file;
        }

        /*
         * Forces of one file exclude each other: the system reports a failed one to one caller only, and the other would take the
         * bytes for forced. A failure in the background latches the file, and the writer's force throws.
         */
        synchronized void forceContent() {
            if (!closed) {
                file.forceContent();
            }
        }

        synchronized void forceAndClose() {
            if (!closed) {
                file.force();
                close();
            }
        }

        synchronized void close() {
            if (!closed) {
                closed = true;
                file.close();
            }
        }
    }

    /** Guards {@link #next}, which the background makes and the writer takes. */
    private final Object preparation = new Object();

    private LogFile next;
    private boolean closed;

    /**
     * @param current started, standing where the next record goes
     * @param next prepared and named, or null
     * @param largestCapacity what files grow to; a longer record gets a file of its own size
     * @param pages that records refer to
     */
    WriteAheadLog(
            ZoneFileSystem disk,
            Manifest manifest,
            RandomSource random,
            BackgroundExecutor background,
            LogFile current,
            LogFile next,
            long largestCapacity,
            ReferredPages pages) {
        this.disk = disk;
        this.manifest = manifest;
        this.random = random;
        this.background = background;
        this.current = current;
        this.next = next;
        this.forcedThrough = current.forcedPosition();
        this.largestCapacity = largestCapacity;
        this.pages = pages;
    }

    /** Bytes of the current file that are mapped. */
    public long mappedBytes() {
        LogFile log = current;
        return log.isMappedForStores() ? log.capacity() : 0;
    }

    /** Bytes that the current file still takes. */
    public long room() {
        return current.room();
    }

    /**
     * Goes to the next file, which has room for a record of this length.
     *
     * @throws dev.cambium.error.StoreIOException where it cannot be made; the log is as before
     * @throws WriterFailedException where it cannot be made any more, or has been made and cannot be started: whether its START is on
     *     disk is unknown, and another file that follows the same one would contradict it
     */
    public void goToNextFile(int paddedLength) {
        LogFile following;
        synchronized (preparation) {
            if (next == null || next.capacity() - LogFile.CAPACITY_UNIT < paddedLength) {
                long least = Math.max(
                        smallestCapacity(largestCapacity), roundUp(paddedLength + (long) LogFile.CAPACITY_UNIT));
                long wanted = Math.max(least, Math.min(largestCapacity, GROWTH * current.capacity()));
                try {
                    replaceNext(wanted);
                } catch (DiskFullException e) {
                    if (wanted == least) {
                        throw e;
                    }
                    replaceNext(least); // for which there may be room
                }
            }
            following = next;
            next = null;
        }
        goTo(following);
    }

    /**
     * Goes to a file of the smallest size, unless this one has it: for a store that is closed when all of its log stands in runs, so that its
     * disk holds no more than it must. Everything has been forced, the background executor is closed.
     */
    public void goToSmallestFile() {
        if (current.capacity() > smallestCapacity(largestCapacity)) {
            synchronized (preparation) {
                replaceNext(smallestCapacity(largestCapacity));
            }
            goToNextFile(0);
        }
    }

    private void goTo(LogFile following) {
        try {
            following.start(
                    disk.bootId(),
                    current.position(),
                    current.id(),
                    current.position(),
                    current.lastBatch(),
                    forcedThrough);
        } catch (StoreException e) {
            try {
                following.close();
            } catch (StoreException second) {
                e.addSuppressed(second);
            }
            throw new WriterFailedException(e);
        }
        LeftFile behind = new LeftFile(current);
        left.add(behind);
        background.execute(() -> forceEarly(behind::forceContent));
        current = following;
        askedForNext = false;
    }

    /** Prepares the next file now, if there is none. A background step; leaves a failure to the writer, who will try again. */
    void prepareNext() {
        synchronized (preparation) {
            if (next == null && !closed) {
                try {
                    replaceNext(Math.min(largestCapacity, GROWTH * current.capacity()));
                } catch (StoreException e) {
                    System.getLogger("dev.cambium")
                            .log(System.Logger.Level.WARNING, "the next log is not prepared yet: {0}", e.getMessage());
                }
            }
        }
    }

    private void replaceNext(long capacity) {
        LogFile prepared = manifest.prepareLog(capacity, random);
        if (next != null) {
            next.close(); // stays named and unused; recovery passes over it
        }
        next = prepared;
    }

    /** What files grow to: about a memtable, so that a flush frees whole files. */
    static long largestCapacity(long memtableBytes) {
        return Math.max(LogFile.MIN_CAPACITY, roundUp(memtableBytes));
    }

    /** What the first file has. */
    static long smallestCapacity(long memtableBytes) {
        return Math.min(SMALLEST_CAPACITY, largestCapacity(memtableBytes));
    }

    private static long roundUp(long bytes) {
        return (bytes + LogFile.CAPACITY_UNIT - 1) & -LogFile.CAPACITY_UNIT;
    }

    /** What records of the current file are sealed with. */
    public long salt() {
        return current.salt();
    }

    /** Where the next record goes. */
    public long position() {
        return current.position();
    }

    public long lastBatch() {
        return current.lastBatch();
    }

    /** All records before this position are known to be forced. */
    public long forcedThrough() {
        return forcedThrough;
    }

    /** Bytes of the current file. */
    public long capacity() {
        return current.capacity();
    }

    /**
     * Appends sealed records; they fit.
     *
     * @param mapped through the mapping, without a system call, where there is one
     * @param longBytes of the values that the records refer to
     */
    public void append(Memory source, int offset, int length, boolean mapped, long longBytes) {
        pages.throwIfLost();
        current.append(source, offset, length, mapped);
        if (!askedForNext && (current.begin().previousId() != 0 || current.room() < current.capacity() / 2)) {
            askedForNext = true;
            background.execute(this::prepareNext);
        }
        long position = current.position();
        referredBytes += longBytes;
        if (position - Math.max(askedThrough, forcedThrough) + referredBytes >= EARLY_BYTES) {
            askedThrough = position;
            referredBytes = 0;
            background.execute(this::forceEarly);
        }
    }

    private void forceEarly() {
        forceEarly(current::forceContent);
    }

    /** Forces; a failure latches the file, or the pages, so that whoever forces next is told. */
    private void forceEarly(Runnable force) {
        try {
            pages.force();
            force.run();
        } catch (StoreException e) {
            System.getLogger("dev.cambium")
                    .log(System.Logger.Level.WARNING, "the force of a log failed: {0}", e.getMessage());
        }
    }

    /** Makes everything appended so far survive a power loss. */
    public void force() {
        pages.force();
        while (!left.isEmpty()) {
            left.peek().forceAndClose();
            left.poll();
        }
        current.force();
        forcedThrough = current.forcedPosition();
        referredBytes = 0;
    }

    /** Throws where {@link #forceThrough} would, since an append or force has failed; forces nothing. From any thread. */
    public void throwIfLost(long position) {
        if (forcedThrough < position) {
            pages.throwIfLost();
            left.forEach(behind -> behind.file.throwIfFailed());
            current.throwIfFailed();
        }
    }

    /**
     * Makes all records before a position survive a power loss, from another thread than the writer's: before a manifest says that they
     * stand in a run. Says so in no slot.
     */
    public void forceThrough(long position) {
        LogFile last = current; // read before `left`: a file that is left behind is in one of the two
        if (forcedThrough >= position) {
            return;
        }
        pages.force();
        for (LeftFile behind : left) {
            behind.forceContent();
        }
        if (last.begin().basePosition() < position) {
            last.forceContent();
        }
    }

    /**
     * Closes files that no longer need to be forced, for all that stands in them is in runs: before they are dropped, since a dropped file
     * becomes another log. From another thread than the writer's.
     *
     * @param firstLive id of the first file that is still needed; earlier ones have been {@linkplain #forceThrough forced}
     */
    public void letGo(long firstLive) {
        for (LeftFile behind : left) {
            if (behind.file.id() < firstLive) {
                behind.close();
            }
        }
    }

    /** Whether everything appended is known to be forced. */
    public boolean isForced() {
        return forcedThrough == current.position();
    }

    /** Id of the current file. */
    public long currentId() {
        return current.id();
    }

    /** Closes the files; forces nothing. The background executor must be closed before. */
    @Override
    public void close() {
        synchronized (preparation) {
            closed = true;
            if (next != null) {
                next.close();
                next = null;
            }
        }
        left.forEach(LeftFile::close);
        left.clear();
        current.close();
    }
}
