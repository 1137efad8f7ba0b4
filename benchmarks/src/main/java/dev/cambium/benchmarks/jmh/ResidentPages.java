package dev.cambium.benchmarks.jmh;

import dev.cambium.epoch.ReadEpochs;
import dev.cambium.segment.disk.RealFileSystem;
import dev.cambium.segment.frame.Frame;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.ValuePage;
import dev.cambium.segment.page.ValuePageBuilder;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.zone.ZoneReader;
import dev.cambium.segment.zone.ZoneWriter;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Pages of a zone file, all in frames, which an array of slots refers to as a parent key page does; nothing is evicted. */
@State(Scope.Benchmark)
public class ResidentPages {
    /** A power of two. */
    static final int PAGES = 256;

    static final int PAGE_BYTES = 1 << 14;

    private static final VarHandle SLOT = MethodHandles.arrayElementVarHandle(Object[].class);
    private static final byte[] STORE_ID = new byte[16];
    private static final int ZONE = 1;
    private static final long OWNER = 1;

    final ReadEpochs epochs = new ReadEpochs();
    private final Object[] slots = new Object[PAGES];
    private final long[] pointers = new long[PAGES];
    private final int[] payloadCrcs = new int[PAGES];
    private ScratchDirectory directory;
    private BufferPool pool;
    private ZoneReader zone;
    private FrameCache frames;

    @Setup
    public void load() throws IOException {
        directory = ScratchDirectory.create();
        RealFileSystem disk = new RealFileSystem(directory.path());
        pool = new BufferPool(64 << 20, 1 << 20);
        zone = ZoneReader.open(disk, ZONE, STORE_ID, write(disk));
        frames = new FrameCache(STORE_ID, pool, 32 << 20, epochs);
        int slot = epochs.enter();
        for (int page = 0; page < PAGES; page++) {
            fetch(page);
        }
        epochs.exit(slot);
    }

    /** Writes the pages, each of one random value; returns the zone's length. */
    private long write(RealFileSystem disk) {
        SplittableRandom random = new SplittableRandom(1);
        byte[] bytes = new byte[PAGE_BYTES - ValuePage.VALUE_START_OFFSET - 8];
        Memory value = Memory.allocate(bytes.length);
        Memory page = Memory.allocate(PAGE_BYTES);
        ValuePageBuilder builder = new ValuePageBuilder(pool, PAGE_BYTES);
        try (ZoneWriter writer = ZoneWriter.create(disk, ZONE, STORE_ID, 0, 0, ZoneWriter.MAX_LENGTH, pool)) {
            for (int i = 0; i < PAGES; i++) {
                random.nextBytes(bytes);
                value.put(0, bytes, 0, bytes.length);
                builder.add(value, 0, bytes.length);
                builder.build(page);
                writer.append(page, builder.rawLength(), PageKind.VALUES, 0, 0, 1, OWNER, 0);
                builder.clear();
                pointers[i] = writer.pointer();
                payloadCrcs[i] = writer.payloadCrc();
            }
            return writer.seal();
        } finally {
            builder.release();
            page.release();
            value.release();
        }
    }

    /** The frame of a page, the way of a hit: as in a key page, but that no use is noted. */
    Frame hit(int page) {
        Frame frame = (Frame) SLOT.getAcquire(slots, page);
        return frame != null && frame.isResident() ? frame : fetch(page);
    }

    /** The frame of a page, by its pointer. */
    Frame fetch(int page) {
        return frames.fetch(zone, pointers[page], payloadCrcs[page], slots, page);
    }

    /** Tells the policy of a use. */
    void touch(Frame frame) {
        frames.touch(frame);
    }

    @TearDown
    public void delete() throws IOException {
        frames.close();
        zone.close();
        pool.close();
        directory.delete();
    }
}
