package dev.cambium.segment.disk;

import java.util.List;

/**
 * One store's directory: flat, its files known by plain names.
 *
 * <p>Durability: {@link #create}, {@link #rename} and {@link #delete} change directory entries, which survive a power loss
 * only once {@link #forceDirectory} has returned; they survive the death of the process at once.
 *
 * <p>Errors: {@link dev.cambium.error.StoreIOException}, {@link dev.cambium.error.DiskFullException} where no room is left.
 * An interrupt of the calling thread neither fails a call nor is swallowed. Safe for any thread.
 */
public interface ZoneFileSystem {
    /** Holes begin and end at multiples of this: no file system that is known has larger blocks, or it keeps what it cannot give back. */
    int HOLE_ALIGNMENT = 4096;

    /** How the store's directory is called in messages. */
    String describe();

    /** Makes the directory where there is none (its parent must exist or be makeable). */
    void createDirectory();

    /** Whether the directory exists. */
    boolean directoryExists();

    /** Creates an empty file for reading and writing; fails where the name is taken. */
    ZoneFile create(String name);

    /** Opens an existing file for reading and writing. */
    ZoneFile open(String name);

    /** Opens an existing file for reading; writes and forces through it fail. */
    ZoneFile openReadOnly(String name);

    boolean exists(String name);

    /** Names of all files, sorted. */
    List<String> list();

    /** Gives a file another name, replacing a file that has it, in one step. */
    void rename(String from, String to);

    /** Removes a file's name; the bytes go once nobody has it open. */
    void delete(String name);

    /** Makes every create, rename and delete that returned survive a power loss. */
    void forceDirectory();

    /**
     * Takes the store for this opener.
     *
     * @throws dev.cambium.error.StoreLockedException at once, if another opener has it, in this process or another
     */
    DirectoryLock lock();

    /**
     * Whether a store through a mapping into blocks that were written before cannot fail: true on a tested list of file
     * systems. Where false, {@link ZoneFile#store} is not to be used.
     */
    boolean mappedStoresAreSafe();

    /**
     * Whether {@link ZoneFile#punch} may give something back: as far as is known, for a file system may refuse it when it is first asked. A
     * JVM may allow it later than at the start.
     */
    boolean canPunchHoles();

    /** Bytes that files may still grow by, about; {@link Long#MAX_VALUE} where the system does not tell. Costs a call of the system. */
    long usableBytes();

    /** Identifies the running boot of the machine, 16 bytes; bytes written in this boot are still in the page cache. */
    byte[] bootId();
}
