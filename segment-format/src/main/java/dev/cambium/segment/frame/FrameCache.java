package dev.cambium.segment.frame;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import dev.cambium.error.MemoryBudgetException;
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
 * <p>Errors: a page that does not hold throws and is not kept, so the next read of it tries again. Where the budget has no room for one
 * more frame, others are evicted first. Safe for any thread.
 */
public final class FrameCache implements AutoCloseable {
    /*
     * Order of a load: the frame enters the policy, then the parent's slot, then the policy is asked whether it still has it. So a frame
     * that was evicted in between is detached by one of the two.
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
        policy.getIfPresent(frame.pointer());
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
        Frame frame = policy.getIfPresent(key);
        if (frame != null) {
            return frame;
        }
        CompletableFuture<Frame> mine = new CompletableFuture<>();
        CompletableFuture<Frame> other = loading.putIfAbsent(key, mine);
        if (other != null) {
            try {
                return other
                        .join(); // its loader is inside an epoch slot too; the frame outlives ours, claimed before it
                // was evicted
            } catch (CompletionException e) {
                if (e.getCause() instanceof RuntimeException cause) {
                    throw cause;
                }
                throw e;
            }
        }
        try {
            frame = policy.getIfPresent(key); // another thread may have finished in between
            if (frame == null) {
                frame = new Frame(pointer, read(zone, pointer, payloadCrc), slots, slot);
                policy.put(key, frame);
                frame.attach();
                if (policy.asMap().get(key) != frame) {
                    frame.detach();
                }
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
        SlabPool.Buffer buffer = allocate(PageHeader.rawLength(stored, 0));
        try {
            PageOpener.unpack(stored, 0, file, Pointer.offset(pointer), buffer.memory());
            return buffer;
        } catch (RuntimeException | Error e) {
            pool.free(buffer);
            throw e;
        }
    }

    private SlabPool.Buffer allocate(int length) {
        for (int tries = 0; ; tries++) {
            try {
                return pool.allocate(length);
            } catch (MemoryBudgetException e) {
                if (tries == 3 || !evictSome(length)) {
                    throw e;
                }
            }
        }
    }

    /** Makes the policy give up some frames; their memory comes back once readers have left. */
    private boolean evictSome(int length) {
        return policy.policy()
                .eviction()
                .map(eviction -> {
                    java.util.Map<Long, Frame> coldest = eviction.coldest(64);
                    coldest.keySet().forEach(this::evict);
                    return !coldest.isEmpty();
                })
                .orElse(false);
    }

    /** Gives up a page, if it is there: nobody will ask for it any more. */
    public void evict(long pointer) {
        Frame frame = policy.asMap().remove(pointer);
        if (frame != null) {
            drop(frame);
        }
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
        policy.asMap().keySet().forEach(this::evict);
        policy.cleanUp();
        reclaimer.retire(pool::close);
        for (Memory buffer = readBuffers.poll(); buffer != null; buffer = readBuffers.poll()) {
            buffer.release();
        }
    }
}
