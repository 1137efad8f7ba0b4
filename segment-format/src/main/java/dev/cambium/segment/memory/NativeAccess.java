package dev.cambium.segment.memory;

import java.lang.reflect.Field;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.logging.Level;
import java.util.logging.Logger;
import net.openhft.chronicle.bytes.PointerBytesStore;
import sun.misc.Unsafe;

/**
 * What {@link Memory} needs from below the JDK's public API: the address of a direct buffer, its release, and Chronicle's
 * view of it. Together with {@code Memory} this is the class to replace by a twin on {@code MemorySegment}.
 */
final class NativeAccess {
    /*
     * Chronicle prints to stderr when its first class loads: SLF4J's missing binding and a warning about clean-up services
     * that we do not use. Both are silenced here, before that class is touched; the logger is held, for loggers are weak.
     */
    @SuppressWarnings("unused")
    private static final Logger SILENCED;

    /** The least address that a store may begin at. */
    private static final long ORIGIN = 1 << 14;

    private static final Unsafe UNSAFE;
    private static final long BUFFER_ADDRESS;
    private static final long BUFFER_CAPACITY;
    private static final long BUFFER_LIMIT;

    static {
        if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            throw new ExceptionInInitializerError("Cambium runs on little-endian processors only");
        }
        if (System.getProperty("slf4j.internal.verbosity") == null) {
            System.setProperty("slf4j.internal.verbosity", "ERROR");
        }
        SILENCED =
                Logger.getLogger("net.openhft.chronicle.core.internal.cleaner.ReflectionBasedByteBufferCleanerService");
        SILENCED.setLevel(Level.OFF);
        try {
            Field theUnsafe = Unsafe.class.getDeclaredField("theUnsafe");
            theUnsafe.setAccessible(true);
            UNSAFE = (Unsafe) theUnsafe.get(null);
            BUFFER_ADDRESS = UNSAFE.objectFieldOffset(Buffer.class.getDeclaredField("address"));
            BUFFER_CAPACITY = UNSAFE.objectFieldOffset(Buffer.class.getDeclaredField("capacity"));
            BUFFER_LIMIT = UNSAFE.objectFieldOffset(Buffer.class.getDeclaredField("limit"));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private NativeAccess() {}

    /** A store of all addresses from {@link #ORIGIN} on, and so of every direct buffer, at {@link #offsetOf}. */
    static PointerBytesStore storeOfAll() {
        PointerBytesStore store = new PointerBytesStore();
        store.set(ORIGIN, Long.MAX_VALUE - ORIGIN);
        return store;
    }

    static long offsetOf(ByteBuffer direct) {
        return UNSAFE.getLong(direct, BUFFER_ADDRESS) - ORIGIN;
    }

    /**
     * Allocates bytes of any content.
     *
     * @return their address, for {@link #free}
     * @throws OutOfMemoryError where the system refuses
     */
    static long allocate(long bytes) {
        return UNSAFE.allocateMemory(bytes);
    }

    static void free(long address) {
        UNSAFE.freeMemory(address);
    }

    /** A buffer over allocated bytes, which it does not own. The JDK makes none that is not zeroed in one go, or of bytes that it did not allocate. */
    static ByteBuffer bufferOver(long address, int capacity) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(0).duplicate();
        UNSAFE.putLong(buffer, BUFFER_ADDRESS, address);
        UNSAFE.putInt(buffer, BUFFER_CAPACITY, capacity);
        UNSAFE.putInt(buffer, BUFFER_LIMIT, capacity);
        return buffer;
    }

    /** Frees or unmaps a direct buffer. The buffer must be the one that owns the memory, not a view. */
    static void release(ByteBuffer direct) {
        UNSAFE.invokeCleaner(direct);
    }
}
