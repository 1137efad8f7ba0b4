package dev.cambium.segment.disk;

import dev.cambium.segment.memory.Memory;

/**
 * An open file: positional reads and writes, stores through a mapping, forces.
 *
 * <p>Offsets are bytes from the start of the file. Every transfer is complete or throws; a write beyond the end grows the
 * file. Durability: bytes written or stored survive the death of the process once the call returns, and a power loss once a
 * {@link #force} that began later has returned; before that any subset of the 512-byte sectors may survive.
 *
 * <p>Errors: {@link dev.cambium.error.StoreIOException}; a read beyond the end is one too. An interrupt of the calling thread
 * neither fails a call nor is swallowed. Threads: reads, writes and forces from any thread; {@link #close} excludes the rest.
 */
public interface ZoneFile extends AutoCloseable {
    String name();

    /** Bytes in the file. */
    long length();

    /** Reads exactly {@code length} bytes at {@code offset} into {@code target}. */
    void read(long offset, Memory target, int targetOffset, int length);

    /** Writes exactly {@code length} bytes of {@code source} at {@code offset}. */
    void write(long offset, Memory source, int sourceOffset, int length);

    /** Cuts the file off; what stood behind {@code newLength} may come back at a power loss until a force that began later has returned. */
    void truncate(long newLength);

    /**
     * Maps the whole file as it is now so that {@link #store} can be used. To be called once, only where
     * {@link ZoneFileSystem#mappedStoresAreSafe} and only when all its blocks have been written.
     */
    void mapForStores();

    /**
     * Copies {@code length} bytes into the mapping, in ascending order, without a system call. If the process dies inside, some
     * prefix in units of 8 bytes has been stored.
     */
    void store(long offset, Memory source, int sourceOffset, int length);

    /** Maps the whole file read-only. The caller releases the block; the file may be closed before. */
    Memory mapReadOnly();

    /**
     * Gives the room of a range back to the file system: it reads as zeros from now on, and the length of the file stays. Whoever reads the range
     * meanwhile gets old bytes or zeros. Durability: a power loss may bring the old bytes of any block back until a force that began later
     * has returned.
     *
     * @param offset and {@code length}: multiples of {@link ZoneFileSystem#HOLE_ALIGNMENT}, within the file
     * @return whether it is given back: false where {@link ZoneFileSystem#canPunchHoles} says no, perhaps only from this call on, and where the file
     *     has other names, for who knows it by those needs the bytes
     */
    boolean punch(long offset, long length);

    /**
     * Makes all bytes written or stored before this call survive a power loss, and what was punched stay punched.
     *
     * @param metadata whether the file's length must survive too: true after the file has grown
     */
    void force(boolean metadata);

    /** Closes the file and drops the mapping for stores. Idempotent. */
    @Override
    void close();
}
