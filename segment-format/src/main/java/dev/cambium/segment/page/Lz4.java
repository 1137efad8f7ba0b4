package dev.cambium.segment.page;

import dev.cambium.segment.memory.Memory;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/**
 * LZ4 blocks between blocks of memory. The native library where it loads, else the one in Java, which packs at a third of the
 * speed; {@link #isNative} says which. Stateless; safe for any thread.
 */
public final class Lz4 {
    private static final boolean NATIVE;
    private static final LZ4Compressor COMPRESSOR;
    private static final LZ4SafeDecompressor DECOMPRESSOR;

    static {
        LZ4Factory factory;
        boolean isNative;
        try {
            factory = LZ4Factory.nativeInstance();
            isNative = true;
        } catch (Throwable noLibrary) { // whatever keeps a native library from loading; the fallback is as right, only
            // slower
            factory = LZ4Factory.safeInstance();
            isNative = false;
            System.getLogger("dev.cambium")
                    .log(System.Logger.Level.INFO, "LZ4 runs in Java, which is slower: {0}", noLibrary.toString());
        }
        NATIVE = isNative;
        COMPRESSOR = factory.fastCompressor();
        DECOMPRESSOR = factory.safeDecompressor();
    }

    private Lz4() {}

    /** Whether the native library does the work. */
    public static boolean isNative() {
        return NATIVE;
    }

    /** Bytes that {@code length} bytes take at most when they do not shrink. */
    static int maxCompressedLength(int length) {
        return COMPRESSOR.maxCompressedLength(length);
    }

    /** Compresses a range; {@code target} has room for {@link #maxCompressedLength}. Returns the compressed length. */
    static int compress(Memory source, int offset, int length, Memory target, int targetOffset) {
        int room = maxCompressedLength(length);
        return COMPRESSOR.compress(
                source.block(),
                source.blockOffset(offset, length),
                length,
                target.block(),
                target.blockOffset(targetOffset, room),
                room);
    }

    /** Unpacks a block; returns how many bytes came out, or -1 where it is no LZ4 block that fits into {@code room} bytes. */
    static int decompress(Memory source, int offset, int length, Memory target, int targetOffset, int room) {
        int from = source.blockOffset(offset, length);
        int to = target.blockOffset(targetOffset, room);
        try {
            return DECOMPRESSOR.decompress(source.block(), from, length, target.block(), to, room);
        } catch (LZ4Exception noBlock) {
            return -1; // the caller says where
        }
    }
}
