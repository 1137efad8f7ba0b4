package dev.cambium.segment.frame;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
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
    private static final int READ_BUFFER_BYTES = 1 << 15;

    private final byte[] storeId;
    private final SlabPool pool;
    private final Reclaimer reclaimer;
    private final Cache<Long, Frame> policy;
    private final ConcurrentHashMap<Long, CompletableFuture<Frame>> loading = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<Memory> readBuffers = new ConcurrentLinkedQueue<>();
    private final LongAdder loads = new LongAdder();
    private final LongAdder loadedBytes = new LongAdder();

    /**
     * @param budget that the frames are counted in
     * @param capacityBytes of the frames that are kept
     */
    public FrameCache(byte[] storeId, MemoryBudget budget, long capacityBytes, Reclaimer reclaimer) {
        this.storeId = storeId.clone();
        this.pool = new SlabPool(budget);
        this.reclaimer = reclaimer;
        this.policy = Caffeine.newBuilder()
                .maximumWeight(capacityBytes)
                .weigher((Long pointer, Frame frame) -> frame.buffer().reservedBytes())
                .executor(Runnable::run)
                .evictionListener((Long pointer, Frame frame, RemovalCause cause) -> drop(frame))
                .build();
    }

    private void drop(Frame frame) {
        frame.markEvicted();
        frame.detach();
        unpin(frame);
    }

    /** Gives up a pin. */
    public void unpin(Frame frame) {
        if (frame.dropPin()) {
            reclaimer.retire(() -> pool.free(frame.buffer()));
        }
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
                frame = new Frame(key, read(zone, key, payloadCrc), slots, slot);
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
        }
    }

    /** Loads a page into a buffer that is the caller's until {@link #free}: for pages that are not evicted. */
    public SlabPool.Buffer read(ZoneReader zone, long pointer, int payloadCrc) {
        Memory stored = takeReadBuffer(Pointer.storedBytes(pointer));
        try {
            int available = zone.read(pointer, stored, 0);
            PageOpener.verify(stored, 0, available, storeId, pointer, payloadCrc, zone.name());
            loads.increment();
            loadedBytes.add(available);
            return unpack(stored, zone.name(), pointer);
        } finally {
            giveReadBufferBack(stored);
        }
    }

    private SlabPool.Buffer unpack(Memory stored, String file, long pointer) {
        SlabPool.Buffer buffer = pool.allocate(PageHeader.rawLength(stored, 0));
        try {
            PageOpener.unpack(stored, 0, file, Pointer.offset(pointer), buffer.memory());
            return buffer;
        } catch (RuntimeException | Error e) {
            pool.free(buffer);
            throw e;
        }
    }

    /** Gives up a page, if it is there: nobody will ask for it any more. */
    public void evict(long pointer) {
        Frame frame = policy.asMap().remove(pointer);
        if (frame != null) {
            drop(frame);
        }
    }

    /** Gives up all frames; those that are asked for again are loaded again. */
    public void evictAll() {
        policy.asMap().keySet().forEach(this::evict);
    }

    /** Gives back a buffer of {@link #read}, once no reader can hold it. */
    public void free(SlabPool.Buffer buffer) {
        reclaimer.retire(() -> pool.free(buffer));
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

    /** Off-heap bytes of all frames and of the slabs they are carved from. */
    public long capacityBytes() {
        return pool.slabBytes();
    }

    /** Gives up all frames. Nobody may be inside, and nobody may come. */
    @Override
    public void close() {
        evictAll();
        policy.cleanUp();
        reclaimer.retire(pool::close);
        for (Memory buffer = readBuffers.poll(); buffer != null; buffer = readBuffers.poll()) {
            buffer.release();
        }
    }
}
