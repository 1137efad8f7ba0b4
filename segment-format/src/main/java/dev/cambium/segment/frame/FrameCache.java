package dev.cambium.segment.frame;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Policy;
import com.github.benmanes.caffeine.cache.RemovalCause;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.memory.MemoryBudget;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageOpener;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.runtime.Reclaimer;
import dev.cambium.segment.zone.ZoneReader;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;

/**
 * Loads pages into frames, each once however many threads ask for it, and keeps those that are likely to be asked for again.
 *
 * <p>A hit does not come here: the parent key page refers to the frame directly, and tells the policy about one access in some
 * ({@link #touch}). Everything else does: {@link #fetch} is called inside an epoch slot.
 *
 * <p>Errors: a page that does not hold throws and is not kept, so the next read of it tries again. A read never fails for want of
 * budget: what is kept has a bound of its own. Safe for any thread.
 */
public final class FrameCache implements AutoCloseable {
    /*
     * Order of a load: the frame enters the policy, then the parent's slot, and is taken out of the slot again where it has been evicted in
     * between: the loader and the evictor each write one (slot, mark) and then look at the other. The loader holds a pin till then, so a
     * frame is retired only when its parent refers to it no more: who finds it there is inside an epoch slot that retiring waits for.
     *
     * A frame that was found in the policy, or got from another loader, may have been retired before the finder's slot was claimed: the
     * policy tells of an eviction before it forgets the entry. So it counts only if it is live when looked at from inside the slot.
     */
    /*
     * What the policy evicts is given back by the next call that comes here, not by its listener: the listener runs inside the policy's own
     * map, and giving a frame back releases whatever else has waited for readers, a whole run for instance, which evicts again.
     */
    private static final int READ_BUFFER_BYTES = 1 << 15;

    /** Left free, so that a write that needs a block need not wait for frames to go. */
    private static final long HEADROOM_BYTES = 8 << 20;

    private static final int NOTED_USES = 16;

    private final byte[] storeId;
    private final MemoryBudget budget;
    private final long leastBytes;
    private final SlabPool pool; // of frames
    private final SlabPool heldPool; // of what is not evicted
    private final Reclaimer reclaimer;
    private final Cache<Long, Frame> policy;
    private final ConcurrentHashMap<Long, CompletableFuture<Frame>> loading = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Memory> readBuffers = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<Frame> evicted = new ConcurrentLinkedQueue<>();
    private final LongAdder loads = new LongAdder();
    private final LongAdder loadedBytes = new LongAdder();

    /**
     * @param budget that the frames are counted in; they take what nothing else does
     * @param leastBytes of frames that are kept however much else there is
     */
    public FrameCache(byte[] storeId, MemoryBudget budget, long leastBytes, Reclaimer reclaimer) {
        this.storeId = storeId.clone();
        this.budget = budget;
        this.leastBytes = leastBytes;
        this.pool = new SlabPool(budget);
        this.heldPool = new SlabPool(budget);
        this.reclaimer = reclaimer;
        this.policy = Caffeine.newBuilder()
                .maximumWeight(leastBytes)
                .weigher((Long pointer, Frame frame) -> frame.buffer().reservedBytes())
                .executor(Runnable::run)
                .evictionListener((Long pointer, Frame frame, RemovalCause cause) -> leave(frame))
                .build();
    }

    /** Takes a frame out of its parent; its pin is dropped by {@link #dropEvicted}. */
    private void leave(Frame frame) {
        frame.markEvicted();
        frame.detach();
        evicted.add(frame);
    }

    private void dropEvicted() {
        for (Frame frame = evicted.poll(); frame != null; frame = evicted.poll()) {
            unpin(frame);
        }
    }

    /** Gives up a pin. */
    public void unpin(Frame frame) {
        if (frame.dropPin()) {
            reclaimer.retire(() -> pool.free(frame.buffer()));
        }
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
            if (known.isLive()) {
                return known;
            }
            Thread.onSpinWait(); // it is on its way out
        }
    }

    private static Frame await(CompletableFuture<Frame> other) {
        try {
            return other.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    private Frame load(
            CompletableFuture<Frame> mine, ZoneReader zone, Long key, int payloadCrc, Object[] slots, int slot) {
        try {
            Frame frame = policy.getIfPresent(key); // another thread may have finished in between
            if (frame == null || !frame.isLive()) {
                fitIntoBudget();
                frame = new Frame(key, read(pool, zone, key, payloadCrc), slots, slot);
                frame.tryPin();
                policy.put(key, frame);
                frame.attach();
                unpin(frame);
            }
            mine.complete(frame);
            return frame;
        } catch (RuntimeException | Error e) {
            mine.completeExceptionally(e);
            throw e;
        } finally {
            loading.remove(key, mine);
            dropEvicted();
        }
    }

    /** Whether more frames can be had without any that is there giving way. */
    public boolean hasRoom() {
        return pool.slabBytes() + 2 * SlabPool.SLAB_BYTES <= targetBytes();
    }

    private long targetBytes() {
        long others = budget.usedBytes() - pool.slabBytes();
        return Math.max(leastBytes, budget.limitBytes() - others - HEADROOM_BYTES);
    }

    /** Lets the frames have what nothing else takes of the budget. */
    private void fitIntoBudget() {
        Policy.Eviction<Long, Frame> eviction = policy.policy().eviction().orElseThrow();
        long target = targetBytes();
        if (Math.abs(target - eviction.getMaximum()) > SlabPool.SLAB_BYTES) {
            eviction.setMaximum(target);
        }
    }

    /**
     * Gives frames up until so many bytes of slabs are free, or only the least is left; waits for the readers inside. Returns whether there
     * was anything to give.
     */
    public boolean shrink(long bytes) {
        long before = pool.slabBytes();
        long target = Math.max(leastBytes, before - bytes);
        for (long slabs = (before - target) / SlabPool.SLAB_BYTES; slabs > 0; slabs--) {
            for (long pointer : pool.nextSlab()) {
                evict(pointer);
            }
        }
        fitIntoBudget();
        dropEvicted();
        reclaimer.settle();
        return pool.slabBytes() < before;
    }

    /** Loads a page into a buffer that is the caller's until {@link #free}: for pages that are not evicted. */
    public SlabPool.Buffer read(ZoneReader zone, long pointer, int payloadCrc) {
        return read(heldPool, zone, pointer, payloadCrc);
    }

    private SlabPool.Buffer read(SlabPool from, ZoneReader zone, long pointer, int payloadCrc) {
        Memory stored = takeReadBuffer(Pointer.storedBytes(pointer));
        try {
            int available = zone.read(pointer, stored, 0);
            PageOpener.verify(stored, 0, available, storeId, pointer, payloadCrc, zone.name());
            loads.increment();
            loadedBytes.add(available);
            return unpack(from, stored, zone.name(), pointer);
        } finally {
            giveReadBufferBack(stored);
        }
    }

    private static SlabPool.Buffer unpack(SlabPool from, Memory stored, String file, long pointer) {
        SlabPool.Buffer buffer = from.allocate(PageHeader.rawLength(stored, 0));
        buffer.tag(pointer);
        try {
            PageOpener.unpack(stored, 0, file, Pointer.offset(pointer), buffer.memory());
            return buffer;
        } catch (RuntimeException | Error e) {
            from.free(buffer);
            throw e;
        }
    }

    /** Gives up a page, if it is there: nobody will ask for it any more. */
    public void evict(long pointer) {
        Frame frame = policy.asMap().remove(pointer);
        if (frame != null) {
            leave(frame);
            dropEvicted();
        }
    }

    /** Gives back a buffer of {@link #read}, once no reader can hold it. */
    public void free(SlabPool.Buffer buffer) {
        reclaimer.retire(() -> heldPool.free(buffer));
    }

    private Memory takeReadBuffer(int length) {
        Memory buffer = length <= READ_BUFFER_BYTES ? readBuffers.poll() : null;
        return buffer == null ? Memory.allocate(Math.max(READ_BUFFER_BYTES, length)) : buffer;
    }

    /** Keeps as many as have ever been in use at once; longer ones are rare and not kept. */
    private void giveReadBufferBack(Memory buffer) {
        if (buffer.capacity() > READ_BUFFER_BYTES) {
            buffer.release();
        } else {
            readBuffers.add(buffer);
        }
    }

    /** Pages loaded since the store was opened. */
    public long loads() {
        return loads.sum();
    }

    /** Bytes read for them. */
    public long loadedBytes() {
        return loadedBytes.sum();
    }

    /** Gives up all frames. Nobody may be inside, and nobody may come. */
    @Override
    public void close() {
        policy.asMap().keySet().forEach(this::evict);
        policy.cleanUp();
        dropEvicted();
        for (Memory buffer = readBuffers.poll(); buffer != null; buffer = readBuffers.poll()) {
            buffer.release();
        }
    }
}
