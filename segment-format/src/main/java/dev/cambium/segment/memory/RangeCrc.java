package dev.cambium.segment.memory;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** A CRC32C over ranges of memory. Used again and again; allocates nothing for ranges of the block that it saw last. For one thread. */
public final class RangeCrc {
    private final CRC32C crc = new CRC32C();
    private ByteBuffer block;
    private ByteBuffer view; // of the block

    /** Begins anew. */
    public void reset() {
        crc.reset();
    }

    public void update(byte[] bytes) {
        crc.update(bytes, 0, bytes.length);
    }

    /** Updates the checksum with a range. */
    public void update(Memory memory, int offset, int length) {
        if (memory.block() != block) {
            block = memory.block();
            view = block.duplicate();
        }
        memory.update(crc, view, offset, length);
    }

    /** The checksum of all since {@link #reset}. */
    public int value() {
        return (int) crc.getValue();
    }
}
