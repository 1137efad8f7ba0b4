package dev.cambium.segment.frame;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Policy;
import com.github.benmanes.caffeine.cache.RemovalCause;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.PageOpener;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.pool.MemoryRelief;
import dev.cambium.segment.pool.MemoryUse;
import dev.cambium.segment.runtime.Reclaimer;
import dev.cambium.segment.zone.ZoneReader;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;

/**
 * Loads pages into frames, each once however many threads ask for it, and keeps those that are likely to be asked for again: in what
 * nothing else takes of the pool.
 *
 * <p>A hit does not come here: the parent key page refers to the frame directly, and tells the policy about one access in some
 * ({@link #touch}). Everything else does: {@link #fetch} is called inside an epoch slot.
 *
 * <p>Errors: a page that does not hold throws and is not kept, so the next read of it tries again. A read never fails for want of
 * budget: where nothing can be had at once, its page goes beyond it for as long as the read takes. Safe for any thread.
 */
public final class FrameCache implements MemoryRelief, AutoCloseable {
    /*
     * What the policy evicts cools (CoolingFrames): the policy is given a bit less than there is, and the rest is cooling, in the order in
     * which it was evicted. Whoever needs memory takes the oldest of it, which no reader can be using any more; so a read, which is inside an
     * epoch slot itself and could wait for nobody, need not wait.
     */
    private static final int READ_BUFFER_BYTES = 1 << 15;

    /** Of what the frames may take, one part in so many cools. */
    private static final int COOLING_PART = 16;

    /** Left free, so that a write that needs a block need not wait for frames to go: a part of the limit, up to so much. */
    private static final long HEADROOM_BYTES = 8 << 20;

    private static final int HEADROOM_PART = 32;

    private static final int NOTED_USES = 16;

    /** How much is freed at once, at least: the readers need be looked at once for all of it. */
    private static final int FREED_BYTES = 1 << 17;

    /** The hundredths of the limit, in which reads go beyond it. */
    private static final int BEYOND_PARTS = 100;

    /**
     * How long a read waits for readers who were inside before it, by how many hundredths of the limit reads are beyond it already. Not for
     * ever, though nobody waits for those who came later: one of them may wait for this read to load a page.
     */
    private static final long[] WAIT_NANOS = {0, 1_000_000, 2_000_000, 4_000_000, 8_000_000};

    private final byte[] storeId;
    private final BufferPool pool;
    private final Reclaimer reclaimer;
    private final CoolingFrames cooling;
    private final Cache<Long, Frame> policy;
    private final Policy.Eviction<Long, Frame> bound;
    private final ConcurrentHashMap<Long, CompletableFuture<Frame>> loading = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<BufferPool.Buffer> readBuffers = new ConcurrentLinkedQueue<>();
    private final LongAdder loads = new LongAdder();
    private final LongAdder loadedBytes = new LongAdder();
    private volatile long leastBytes;

    /**
     * @param pool that the frames take their memory from; what gives way where it has none left is frames
     * @param leastBytes of frames that are kept however much else there is
     */
    public FrameCache(byte[] storeId, BufferPool pool, long leastBytes, Reclaimer reclaimer) {
        this.storeId = storeId.clone();
        this.pool = pool;
        this.leastBytes = leastBytes;
        this.reclaimer = reclaimer;
        this.cooling = new CoolingFrames(pool, reclaimer);
        this.policy = Caffeine.newBuilder()
                .maximumWeight(leastBytes)
                .weigher((Long pointer, Frame frame) -> frame.weight())
                .executor(Runnable::run)
                .evictionListener((Long pointer, Frame frame, RemovalCause cause) -> cooling.add(frame, true))
                .build();
        this.bound = policy.policy().eviction().orElseThrow();
        pool.relieveBy(this);
    }

    /** Whether the n-th use of some frame is to be told to the policy: one in some is enough to know which are used much. */
    public static boolean isNoted(int uses) {
        return uses % NOTED_USES == 0;
    }

    /** Tells the policy that a frame was used. */
    public void touch(Frame frame) {
        policy.getIfPresent(frame.key());
    }

    /**
     * The frame of a page, loaded if need be; valid until the caller's epoch slot is freed.
     *
     * @param zone that the pointer leads into
     * @param payloadCrc that the parent has
     * @param slots where the parent refers to its frames, or null; set at {@code slot} when the frame is there
     */
    public Frame fetch(ZoneReader zone, long pointer, int payloadCrc, Object[] slots, int slot) {
        Long key = pointer;
        for (; ; ) {
            Frame known = policy.getIfPresent(key);
            if (known == null) {
                CompletableFuture<Frame> mine = new CompletableFuture<>();
                CompletableFuture<Frame> other = loading.putIfAbsent(key, mine);
                if (other == null) {
                    return load(mine, zone, key, payloadCrc, slots, slot);
                }
                known = await(other);
            }
            if (known.payloadCrc() != payloadCrc) {
                evict(pointer); // it was verified against something else
            } else if (known.isResident()) {
                known.attach(slots, slot);
                return known;
            }
            Thread.onSpinWait(); // it is on its way out
        }
    }

    /**
     * Brings a page into memory that nobody waits for, where there is room: no other page gives way to it. Called inside an epoch slot.
     *
     * @return whether there was room
     */
    public boolean prefetch(ZoneReader zone, long pointer, int payloadCrc) {
        if (!hasRoom()) {
            return false;
        }
        fetch(zone, pointer, payloadCrc, null, 0);
        return true;
    }

    private static Frame await(CompletableFuture<Frame> other) {
        try {
            return other.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw e;
        }
    }

    private Frame load(
            CompletableFuture<Frame> mine, ZoneReader zone, Long key, int payloadCrc, Object[] slots, int slot) {
        try {
            Frame frame = policy.getIfPresent(key); // another thread may have finished in between
            if (frame == null || !frame.isResident() || frame.payloadCrc() != payloadCrc) {
                Frame rescued = cooling.rescue(key, payloadCrc);
                frame = rescued != null ? rescued : read(zone, key, payloadCrc);
                enter(frame);
            }
            frame.attach(slots, slot);
            mine.complete(frame);
            return frame;
        } catch (RuntimeException | Error e) {
            mine.completeExceptionally(e);
            throw e;
        } finally {
            loading.remove(key, mine);
        }
    }

    /** The frame may be evicted at once. The caller's slot protects it even so. */
    private void enter(Frame frame) {
        if (pool.excessBytes() > 0 && pool.isOwnBlock(frame.buffer())) {
            cooling.add(frame, false);
            freeSoon();
            return;
        }
        fitIntoBudget();
        Frame before = policy.asMap().put(frame.key(), frame);
        if (before != null && before != frame) {
            cooling.add(before, false);
        }
        if (pool.isBeyond(frame.buffer())) { // looked at after the frame can be found by who lowers the limit
            evict(frame.pointer());
            freeSoon();
        }
    }

    /** Frees what was given up, once the readers inside now have left: it is in memory that is to go back. */
    private void freeSoon() {
        reclaimer.retire(() -> cooling.freeDropped());
    }

    /** Whether more frames can be had without any that is there giving way. */
    public boolean hasRoom() {
        long target = targetBytes();
        return pool.evictableBytes() <= target - 2 * target / COOLING_PART;
    }

    private long targetBytes() {
        long limit = pool.limitBytes();
        long headroom = Math.min(HEADROOM_BYTES, limit / HEADROOM_PART);
        return Math.max(leastBytes, limit - pool.heldBytes() - headroom);
    }

    /** Lets the frames have what nothing else takes of the budget. */
    private void fitIntoBudget() {
        long target = targetBytes();
        target -= target / COOLING_PART;
        if (Math.abs(target - bound.getMaximum()) > target / (4 * COOLING_PART)) {
            bound.setMaximum(target);
        }
    }

    @Override
    public void relieveNow(int bytes) {
        cooling.free(Math.max(FREED_BYTES, bytes));
    }

    @Override
    public boolean mayGiveUp(int bytes) {
        fitIntoBudget();
        return pool.excessBytes() > 0 || pool.evictableBytes() - bytes >= leastBytes;
    }

    @Override
    public void giveUp(long[] pointers) {
        for (long pointer : pointers) {
            evict(pointer);
        }
        reclaimer.settle();
        cooling.free(Long.MAX_VALUE); // all: some of these pages may have been cooling before
    }

    /**
     * Gives up what lies beyond the pool's limit, after that was lowered; waits for readers.
     *
     * @param newLeastBytes of frames that are kept from now on however much else there is
     */
    public void fitToLimit(long newLeastBytes) {
        leastBytes = newLeastBytes;
        fitIntoBudget();
        policy.cleanUp();
        for (BufferPool.Buffer buffer = readBuffers.poll(); buffer != null; buffer = readBuffers.poll()) {
            pool.free(buffer);
        }
        giveUp(pool.evictableBeyond());
        pool.trim();
    }

    /** A buffer for a page: in the place of one that has cooled, where there is no other; or, where none has, beyond the limit. */
    private BufferPool.Buffer keep(MemoryUse use, int length, long pointer) {
        long since = 0;
        for (; ; ) {
            BufferPool.Buffer buffer = pool.keep(use, length, pointer);
            if (buffer != null) {
                return buffer;
            }
            if (cooling.free(Math.max(FREED_BYTES, length)) > 0) {
                continue;
            }
            // A reader has been inside for long; most likely its thread is not running.
            since = since == 0 ? System.nanoTime() : since;
            if (System.nanoTime() - since >= mostWaitNanos()) {
                for (long other : pool.evictable(length)) {
                    evict(other); // for those who come later
                }
                return pool.keepBeyond(use, length);
            }
            Thread.yield();
        }
    }

    /** How long a read waits before it goes further beyond the limit: the further it is, the longer. */
    private long mostWaitNanos() {
        int parts = (int) Math.min(WAIT_NANOS.length - 1, pool.excessBytes() * BEYOND_PARTS / pool.limitBytes());
        return WAIT_NANOS[parts];
    }

    private Frame read(ZoneReader zone, Long pointer, int payloadCrc) {
        BufferPool.Buffer buffer = takeReadBuffer(Pointer.storedBytes(pointer));
        try {
            Memory stored = buffer.memory();
            int available = zone.read(pointer, stored, 0);
            PageOpener.verify(stored, 0, available, storeId, pointer, payloadCrc, zone.name());
            loads.increment();
            loadedBytes.add(available);
            MemoryUse use = use(PageHeader.kind(stored, 0));
            return unpack(
                    keep(use, PageHeader.rawLength(stored, 0), pointer), stored, zone.name(), pointer, payloadCrc);
        } finally {
            giveReadBufferBack(buffer);
        }
    }

    private static MemoryUse use(int kind) {
        return switch (kind) {
            case PageKind.KEYS -> MemoryUse.KEY_PAGES;
            case PageKind.FILTER -> MemoryUse.FILTERS;
            default -> MemoryUse.PAGES;
        };
    }

    private Frame unpack(BufferPool.Buffer buffer, Memory stored, String file, Long pointer, int payloadCrc) {
        try {
            PageOpener.unpack(stored, 0, file, Pointer.offset(pointer), buffer.memory());
            return new Frame(pointer, payloadCrc, buffer);
        } catch (RuntimeException | Error e) {
            pool.free(buffer);
            throw e;
        }
    }

    /** Gives up a page, if it is there: nobody will ask for it any more. */
    public void evict(long pointer) {
        Frame frame = policy.asMap().remove(pointer);
        if (frame != null) {
            cooling.add(frame, false);
        }
    }

    private BufferPool.Buffer takeReadBuffer(int length) {
        BufferPool.Buffer buffer = length <= READ_BUFFER_BYTES ? readBuffers.poll() : null;
        return buffer == null ? pool.holdNow(MemoryUse.READING, Math.max(READ_BUFFER_BYTES, length)) : buffer;
    }

    /** Keeps as many as have ever been in use at once; longer ones are rare and not kept. */
    private void giveReadBufferBack(BufferPool.Buffer buffer) {
        if (buffer.memory().capacity() > READ_BUFFER_BYTES) {
            pool.free(buffer);
            return;
        }
        readBuffers.add(buffer);
        if (pool.isBeyond(buffer) && readBuffers.remove(buffer)) { // looked at once who lowers the limit can find it
            pool.free(buffer);
        }
    }

    /** Which pages are in memory, hottest first. */
    public WarmPages residentPages(int most) {
        Collection<Frame> hottest = bound.hottest(most).values();
        return new WarmPages(
                hottest.stream().mapToLong(Frame::pointer).toArray(),
                hottest.stream().mapToInt(Frame::payloadCrc).toArray());
    }

    /** Pages loaded since the store was opened. */
    public long loads() {
        return loads.sum();
    }

    /** Bytes read for them. */
    public long loadedBytes() {
        return loadedBytes.sum();
    }

    /**
     * Gives up all frames, and waits for readers that are inside. None may come.
     *
     * @return where each frame was pinned that still is: its memory goes all the same, for nobody can read it any more
     */
    public List<Throwable> closePinned() {
        policy.asMap().keySet().forEach(this::evict);
        policy.cleanUp();
        reclaimer.settle();
        List<Throwable> pinners = cooling.close();
        for (BufferPool.Buffer buffer = readBuffers.poll(); buffer != null; buffer = readBuffers.poll()) {
            pool.free(buffer);
        }
        return pinners;
    }

    /** As {@link #closePinned}. */
    @Override
    public void close() {
        closePinned();
    }
}
