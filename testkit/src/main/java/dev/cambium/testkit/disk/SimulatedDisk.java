package dev.cambium.testkit.disk;

import dev.cambium.error.DiskFullException;
import dev.cambium.error.StoreIOException;
import dev.cambium.error.StoreLockedException;
import dev.cambium.segment.disk.DirectoryLock;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.memory.Bytes;
import dev.cambium.segment.memory.Memory;
import dev.cambium.testkit.runtime.SeededRandom;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A directory in memory that keeps what is forced apart from what is only written, and dies where it is told to.
 *
 * <p>Every call that changes it is an operation with a number, from 0. {@link #crashAt} names one: when it is met, it happens
 * not at all or up to a cut, and it and every later call, through any handle, throw {@link SimulatedCrash}. Only closing a
 * handle or a lock stays possible and does nothing, so that whoever is abandoned can free its memory.
 * {@link #afterCrash} then gives the disk that the next process finds: a copy, so that one crash can be followed into several
 * outcomes. A call that is refused (no such file, closed handle) is no operation; one that fails by the {@link FaultPlan} is.
 *
 * <p>Beyond the contract it checks its user: LOCK is never opened, renamed or deleted, a file is mapped for stores once, where
 * that is safe, and only when all its sectors have been written.
 *
 * <p>Files are shorter than 2 GiB; a byte on it costs about a byte of heap. Safe for any thread.
 */
public final class SimulatedDisk implements ZoneFileSystem {
    static final String LOCK = "LOCK";
    static final String OWNER = "OWNER";

    private final long seed;
    private final long boot;
    private final boolean mappedStoresAreSafe;
    private final Directory directory;
    private final FaultPlan faults = new FaultPlan();
    private final OperationLog log = new OperationLog();
    private boolean exists;
    private boolean locked;
    private boolean canPunchHoles = true;

    /** An empty disk without a directory, on which stores into mappings are safe. */
    public SimulatedDisk(long seed) {
        this(seed, true);
    }

    public SimulatedDisk(long seed, boolean mappedStoresAreSafe) {
        this(seed, 0, mappedStoresAreSafe, new Directory(), false);
    }

    private SimulatedDisk(long seed, long boot, boolean mappedStoresAreSafe, Directory directory, boolean exists) {
        this.seed = seed;
        this.boot = boot;
        this.mappedStoresAreSafe = mappedStoresAreSafe;
        this.directory = directory;
        this.exists = exists;
    }

    /** The failures this disk is to have; the disk after a crash starts with none. */
    public FaultPlan faults() {
        return faults;
    }

    /** Lets the disk die in place of the given operation. */
    public void crashAt(long operation) {
        crashAt(operation, 0);
    }

    /**
     * Lets the disk die inside an operation.
     *
     * @param bytes how much of it happens first: one of its {@link DiskOperation#cuts}, or 0
     */
    public synchronized void crashAt(long operation, int bytes) {
        log.crashAt(operation, bytes);
    }

    /** Lets the disk die now, between operations. */
    public synchronized void crash() {
        log.crash();
    }

    public synchronized boolean hasCrashed() {
        return log.hasCrashed();
    }

    /**
     * The disk that the next process finds if this one dies now, or has died. This disk is not changed; equal outcomes give
     * equal disks. It numbers its operations from 0, is not locked and has no faults.
     *
     * <p>After a process's death what was unforced still is, so that a power loss in a later life can take it.
     */
    public synchronized SimulatedDisk afterCrash(CrashOutcome outcome) {
        return switch (outcome.kind()) {
            case PROCESS_KILL -> next(boot, directory.afterKill());
            case POWER_LOSS -> next(boot + 1, directory.afterPowerLoss(new PowerLoss(outcome)));
        };
    }

    private SimulatedDisk next(long nextBoot, Directory left) {
        SimulatedDisk next = new SimulatedDisk(seed, nextBoot, mappedStoresAreSafe, left, exists);
        next.canPunchHoles = canPunchHoles;
        return next;
    }

    /** What has changed the disk so far, in order; the last one may have failed, or be the one it died in. */
    public synchronized List<DiskOperation> operations() {
        return log.operations();
    }

    public synchronized long operationCount() {
        return log.count();
    }

    /** All bytes of a file as the next reader sees them. For tests: works on a dead disk, meets no fault. */
    public synchronized byte[] bytes(String name) {
        return file(name, "read").bytes();
    }

    /** Gives a file other bytes, or makes one, all forced, name included. For tests: is no operation, meets no fault. */
    public synchronized void replace(String name, byte[] bytes) {
        checkName(name);
        exists = true;
        directory.install(name, FileImage.forced(bytes));
    }

    /** Gives a file a name outside of the directory, or takes it away: then it is not punched. For tests: is no operation. */
    public synchronized void setOtherNames(String name, boolean others) {
        file(name, "link").setOtherNames(others);
    }

    /** Says whether holes can be punched; they can unless this is called. */
    public synchronized void setPunchesHoles(boolean can) {
        canPunchHoles = can;
    }

    /** Bytes that a file takes: its length without holes. For tests. */
    public synchronized long usedBytes(String name) {
        return file(name, "look at").usedBytes();
    }

    /** Inverts one bit of a file, on the medium and for readers; bit 0 is the lowest of the first byte. */
    public synchronized void corrupt(String name, long bit) {
        FileImage file = file(name, "corrupt");
        if (bit < 0 || bit >= file.length() * 8L) {
            throw new IllegalArgumentException(
                    "bit is " + bit + ", must be in [0, " + file.length() * 8L + ") of " + name);
        }
        file.flip(bit);
    }

    @Override
    public String describe() {
        return "simulated disk (seed " + seed + (boot == 0 ? ")" : ", boot " + boot + ")");
    }

    @Override
    public synchronized void createDirectory() {
        checkAlive();
        if (!exists) {
            perform(OperationKind.CREATE_DIRECTORY, "");
            exists = true;
        }
    }

    @Override
    public synchronized boolean directoryExists() {
        checkAlive();
        return exists;
    }

    @Override
    public synchronized ZoneFile create(String name) {
        checkAlive();
        checkName(name);
        if (!exists) {
            throw refused("create", name, "the directory does not exist");
        }
        if (directory.get(name) != null) {
            throw refused("create", name, "it exists already");
        }
        perform(OperationKind.CREATE, name);
        FileImage file = new FileImage();
        directory.create(name, file);
        return new SimulatedFile(this, name, file, true);
    }

    @Override
    public ZoneFile open(String name) {
        return open(name, true);
    }

    @Override
    public ZoneFile openReadOnly(String name) {
        return open(name, false);
    }

    private synchronized ZoneFile open(String name, boolean writable) {
        checkAlive();
        checkName(name);
        return new SimulatedFile(this, name, file(name, "open"), writable);
    }

    @Override
    public synchronized boolean exists(String name) {
        checkAlive();
        return directory.get(name) != null;
    }

    @Override
    public synchronized List<String> list() {
        checkAlive();
        if (!exists) {
            throw refused("list", describe(), "the directory does not exist");
        }
        return directory.list();
    }

    @Override
    public synchronized void rename(String from, String to) {
        checkAlive();
        checkName(from);
        checkName(to);
        file(from, "rename");
        perform(OperationKind.RENAME, from + " -> " + to);
        directory.rename(from, to);
    }

    @Override
    public synchronized void delete(String name) {
        checkAlive();
        checkName(name);
        file(name, "delete");
        perform(OperationKind.DELETE, name);
        directory.delete(name);
    }

    @Override
    public synchronized void forceDirectory() {
        checkAlive();
        perform(OperationKind.FORCE_DIRECTORY, "");
        directory.force();
    }

    @Override
    public synchronized DirectoryLock lock() {
        checkAlive();
        if (!exists) {
            throw refused("lock", describe(), "the directory does not exist");
        }
        if (locked) {
            throw new StoreLockedException(describe(), ProcessHandle.current().pid());
        }
        locked = true;
        if (directory.get(LOCK) == null) {
            directory.create(LOCK, new FileImage());
        }
        if (directory.get(OWNER) == null) {
            directory.create(OWNER, FileImage.forced("1\n".getBytes(StandardCharsets.US_ASCII)));
        }
        return new Lock();
    }

    private final class Lock implements DirectoryLock {
        private boolean held = true;

        @Override
        public void close() {
            synchronized (SimulatedDisk.this) {
                if (held) {
                    held = false;
                    locked = false;
                }
            }
        }
    }

    @Override
    public boolean mappedStoresAreSafe() {
        return mappedStoresAreSafe;
    }

    @Override
    public synchronized boolean canPunchHoles() {
        return canPunchHoles;
    }

    @Override
    public synchronized long usableBytes() {
        return Math.max(0, faults.capacityBytes() - directory.usedBytes());
    }

    @Override
    public byte[] bootId() {
        byte[] id = new byte[16];
        Bytes.putLong(id, 0, SeededRandom.mix(seed, boot));
        Bytes.putLong(id, 8, boot + 1);
        return id;
    }

    void checkAlive() {
        log.checkAlive(this);
    }

    /** Counts an operation that happens wholly or not at all; it happens if this returns. */
    private void perform(OperationKind kind, String file) {
        DiskOperation operation = begin(kind, file, 0, 0);
        FaultRule fault = faults.match(kind, file);
        if (fault != null) {
            throw fault.failure(operation);
        }
    }

    private DiskOperation begin(OperationKind kind, String file, long offset, int length) {
        return log.begin(this, kind, file, offset, length);
    }

    /** Writes or stores into a file, all of it or up to where the disk dies or fails. */
    void transfer(OperationKind kind, String name, FileImage file, long offset, Memory source, int from, int length) {
        DiskOperation operation = begin(kind, name, offset, length);
        FaultRule fault = faults.match(kind, name);
        if (log.isCut(operation)) {
            file.write((int) offset, source, from, log.crashCut());
            log.dieInside(this, operation);
        }
        if (fault != null) {
            file.write((int) offset, source, from, cutBelow(operation, fault.partialBytes()));
            throw fault.failure(operation);
        }
        long growth = Math.max(0, offset + length - file.length());
        long room = growth == 0 ? 0 : faults.capacityBytes() - directory.usedBytes();
        if (growth > 0 && growth > room) {
            long fitting = file.length() + Math.max(0, room) - offset;
            file.write((int) offset, source, from, cutBelow(operation, fitting));
            throw new DiskFullException("cannot " + operation + ": no space left on device", null);
        }
        file.write((int) offset, source, from, length);
    }

    private static int cutBelow(DiskOperation operation, long bytes) {
        int cut = 0;
        for (int possible : operation.cuts()) {
            cut = possible <= bytes ? possible : cut;
        }
        return cut;
    }

    void force(String name, FileImage file, boolean metadata) {
        DiskOperation operation = begin(OperationKind.FORCE, name, 0, 0);
        FaultRule fault = faults.match(OperationKind.FORCE, name);
        if (fault != null) {
            file.failForce();
            throw fault.failure(operation);
        }
        file.force(metadata);
    }

    void truncate(String name, FileImage file, int newLength) {
        perform(OperationKind.TRUNCATE, name);
        file.truncate(newLength);
    }

    boolean punch(String name, FileImage file, int offset, int length) {
        if (!canPunchHoles || file.hasOtherNames()) {
            return false;
        }
        DiskOperation operation = begin(OperationKind.PUNCH, name, offset, length);
        FaultRule fault = faults.match(OperationKind.PUNCH, name);
        if (fault != null) {
            throw fault.failure(operation);
        }
        file.punch(offset, length);
        return true;
    }

    void checkReadable(String name, long offset, int length) {
        FaultRule fault = faults.match(OperationKind.READ, name);
        if (fault != null) {
            throw fault.failure(new DiskOperation(log.count(), OperationKind.READ, name, offset, length));
        }
    }

    private FileImage file(String name, String what) {
        FileImage file = directory.get(name);
        if (file == null) {
            throw refused(what, name, "there is no such file");
        }
        return file;
    }

    static StoreIOException refused(String what, String name, String reason) {
        return new StoreIOException("cannot " + what + " " + name + ": " + reason, null);
    }

    private static void checkName(String name) {
        if (name.isEmpty() || name.indexOf('/') >= 0 || name.indexOf('\\') >= 0 || name.startsWith(".")) {
            throw new IllegalArgumentException("not a plain file name: '" + name + "'");
        }
        if (name.equals(LOCK)) {
            throw new IllegalArgumentException("only lock() touches " + LOCK + ": any close of it frees the lock");
        }
    }
}
