package dev.cambium.segment.disk;

import dev.cambium.error.DiskFullException;
import dev.cambium.error.StoreIOException;
import dev.cambium.error.StoreLockedException;
import java.io.IOException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileStore;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A directory of the operating system. */
public final class RealFileSystem implements ZoneFileSystem {
    /*
     * An interrupt closes a FileChannel for everybody who uses it and frees its lock. So what user threads read, write and
     * force goes through AsynchronousFileChannel, with an executor that runs in the calling thread: it stays open and the flag is
     * kept. Mapping and forcing a directory exist on FileChannel only; each opens a channel of its own, and repeats the step
     * when an interrupt closed it (`uninterruptibly`). The LOCK file's channel is opened once and nothing is ever done on it.
     */
    private static final Set<String> MAPPED_STORES_TESTED_ON = Set.of("ext4", "xfs", "tmpfs");

    private final Path directory;
    private final HolePunch holes = new HolePunch();
    private volatile FileStore store; // that the directory is on, once it was asked for

    public RealFileSystem(Path directory) {
        this.directory = directory.toAbsolutePath().normalize();
    }

    @Override
    public String describe() {
        return directory.toString();
    }

    @Override
    public void createDirectory() {
        run("create the directory", directory.toString(), () -> {
            Files.createDirectories(directory);
            Path parent = directory.getParent();
            if (parent != null) {
                force(parent);
            }
        });
    }

    @Override
    public boolean directoryExists() {
        return Files.isDirectory(directory);
    }

    @Override
    public ZoneFile create(String name) {
        return openFile(
                name,
                "create",
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    @Override
    public ZoneFile open(String name) {
        return openFile(name, "open", Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    @Override
    public ZoneFile openReadOnly(String name) {
        return openFile(name, "open", Set.of(StandardOpenOption.READ));
    }

    private ZoneFile openFile(String name, String what, Set<? extends OpenOption> options) {
        Path path = directory.resolve(name);
        return call(
                what,
                path.toString(),
                () -> new RealFile(path, name, AsynchronousFileChannel.open(path, options, CALLING_THREAD), holes));
    }

    @Override
    public boolean exists(String name) {
        return Files.exists(directory.resolve(name));
    }

    @Override
    public List<String> list() {
        return call("list", directory.toString(), () -> {
            try (Stream<Path> paths = Files.list(directory)) {
                return paths.map(path -> path.getFileName().toString()).sorted().toList();
            }
        });
    }

    @Override
    public void rename(String from, String to) {
        run(
                "rename to " + to,
                from,
                () -> Files.move(directory.resolve(from), directory.resolve(to), StandardCopyOption.ATOMIC_MOVE));
    }

    @Override
    public void delete(String name) {
        run("delete", name, () -> Files.delete(directory.resolve(name)));
    }

    @Override
    public void forceDirectory() {
        run("force the directory", directory.toString(), () -> force(directory));
    }

    private static void force(Path directory) throws IOException {
        if (System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows")) {
            return; // a directory cannot be opened there; NTFS journals its entries
        }
        uninterruptibly(() -> {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
            return null;
        });
    }

    private static final String LOCK = "LOCK";
    private static final String OWNER = "OWNER";

    @Override
    public DirectoryLock lock() {
        return call("lock", directory.toString(), () -> {
            /*
             * Any close of any descriptor of LOCK in this process frees the lock, so a second opener here must be turned away
             * before it opens the file. The table is the JVM's own, for Cambium may be loaded by several class loaders.
             */
            String key = "dev.cambium.lock:" + directory.toRealPath();
            long pid = ProcessHandle.current().pid();
            if (System.getProperties().putIfAbsent(key, Long.toString(pid)) != null) {
                throw new StoreLockedException(directory.toString(), pid);
            }
            boolean locked = false;
            FileChannel channel = null;
            try {
                channel =
                        FileChannel.open(directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                if (channel.tryLock() == null) {
                    throw new StoreLockedException(directory.toString(), readOwner());
                }
                Files.writeString(directory.resolve(OWNER), pid + "\n", StandardCharsets.US_ASCII);
                locked = true;
                return new RealLock(key, channel);
            } finally {
                if (!locked) {
                    if (channel != null) {
                        channel.close();
                    }
                    System.getProperties().remove(key);
                }
            }
        });
    }

    private long readOwner() throws IOException {
        try {
            return Long.parseLong(Files.readString(directory.resolve(OWNER), StandardCharsets.US_ASCII)
                    .strip());
        } catch (NumberFormatException | NoSuchFileException notWrittenYet) {
            return -1;
        }
    }

    private static final class RealLock implements DirectoryLock {
        private final String key;
        private FileChannel channel;

        RealLock(String key, FileChannel channel) {
            this.key = key;
            this.channel = channel;
        }

        @Override
        public synchronized void close() {
            if (channel == null) {
                return;
            }
            FileChannel held = channel;
            channel = null;
            run("unlock", key, held::close);
            System.getProperties().remove(key);
        }
    }

    @Override
    public boolean mappedStoresAreSafe() {
        return call(
                "ask the file system of",
                directory.toString(),
                () -> MAPPED_STORES_TESTED_ON.contains(
                        Files.getFileStore(directory).type()));
    }

    @Override
    public boolean canPunchHoles() {
        return holes.isPossible();
    }

    @Override
    public long usableBytes() {
        try {
            FileStore known = store;
            if (known == null) {
                known = Files.getFileStore(directory);
                store = known;
            }
            long bytes = known.getUsableSpace();
            return bytes <= 0
                    ? Long.MAX_VALUE
                    : bytes; // below: more than a long can say; 0: some systems always say so
        } catch (IOException e) {
            return Long.MAX_VALUE;
        }
    }

    @Override
    public byte[] bootId() {
        byte[] id = new byte[16];
        Path kernel = Path.of("/proc/sys/kernel/random/boot_id");
        if (Files.isReadable(kernel)) {
            UUID boot = call(
                    "read",
                    kernel.toString(),
                    () -> UUID.fromString(Files.readString(kernel).strip()));
            dev.cambium.segment.memory.Bytes.putLong(id, 0, boot.getMostSignificantBits());
            dev.cambium.segment.memory.Bytes.putLong(id, 8, boot.getLeastSignificantBits());
        }
        return id; // all zero where the system does not tell: never taken for the running boot
    }

    interface IoCall<T> {
        T call() throws IOException;
    }

    interface IoRun {
        void run() throws IOException;
    }

    static void run(String what, String file, IoRun step) {
        call(what, file, () -> {
            step.run();
            return null;
        });
    }

    static <T> T call(String what, String file, IoCall<T> step) {
        try {
            return step.call();
        } catch (IOException e) {
            throw failure(what, file, e);
        }
    }

    static StoreIOException failure(String what, String file, IOException e) {
        String reason = e instanceof FileAlreadyExistsException
                ? "it exists already"
                : e instanceof NoSuchFileException
                        ? "there is no such file"
                        : e instanceof FileSystemException fse && fse.getReason() != null
                                ? fse.getReason()
                                : e.getMessage();
        String message = "cannot " + what + " " + file + ": " + reason;
        return reason != null && reason.contains("No space left on device")
                ? new DiskFullException(message, e)
                : new StoreIOException(message, e);
    }

    /** Runs a step that opens its own FileChannel again and again until no interrupt cuts it short; keeps the flag. */
    static <T> T uninterruptibly(IoCall<T> step) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            for (; ; ) {
                try {
                    return step.call();
                } catch (ClosedByInterruptException e) {
                    interrupted |= Thread.interrupted();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static final ExecutorService CALLING_THREAD = new AbstractExecutorService() {
        @Override
        public void execute(Runnable task) {
            task.run();
        }

        @Override
        public void shutdown() {}

        @Override
        public List<Runnable> shutdownNow() {
            return List.of();
        }

        @Override
        public boolean isShutdown() {
            return false;
        }

        @Override
        public boolean isTerminated() {
            return false;
        }

        @Override
        public boolean awaitTermination(long timeout, TimeUnit unit) {
            return true;
        }
    };
}
