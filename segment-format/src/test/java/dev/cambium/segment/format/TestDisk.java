package dev.cambium.segment.format;

import dev.cambium.error.StoreIOException;
import dev.cambium.segment.disk.DirectoryLock;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.memory.Memory;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;

/**
 * A directory in the heap, for tests that look at every bit: fast, its bytes open to the test, its steps countable. It knows
 * nothing of power loss; the testkit's simulated disk does.
 */
public final class TestDisk implements ZoneFileSystem {
    /** Content by name; a test may change it between two opens. */
    public final TreeMap<String, byte[]> files = new TreeMap<>();

    /** Changing steps that still succeed before one fails; negative: no end. */
    public int stepsLeft = -1;

    public boolean failForces;

    /** Runs inside each force of a file, when what was written before has reached the medium. */
    public Runnable duringForce = () -> {};

    public boolean mapped = true;
    public byte[] bootId = new byte[16];

    private void step(String what, String name) {
        if (stepsLeft == 0) {
            throw new StoreIOException("cut before " + what + " of " + name, null);
        }
        stepsLeft--;
    }

    private byte[] content(String name) {
        byte[] content = files.get(name);
        if (content == null) {
            throw new StoreIOException("there is no " + name, null);
        }
        return content;
    }

    @Override
    public String describe() {
        return "test disk";
    }

    @Override
    public void createDirectory() {}

    @Override
    public long usableBytes() {
        return Long.MAX_VALUE;
    }

    @Override
    public boolean directoryExists() {
        return true;
    }

    @Override
    public ZoneFile create(String name) {
        step("create", name);
        if (files.putIfAbsent(name, new byte[0]) != null) {
            throw new StoreIOException(name + " exists", null);
        }
        return new TestFile(name, true);
    }

    @Override
    public ZoneFile open(String name) {
        content(name);
        return new TestFile(name, true);
    }

    @Override
    public ZoneFile openReadOnly(String name) {
        content(name);
        return new TestFile(name, false);
    }

    @Override
    public boolean exists(String name) {
        return files.containsKey(name);
    }

    @Override
    public List<String> list() {
        return List.copyOf(files.keySet());
    }

    @Override
    public void rename(String from, String to) {
        step("rename", from);
        files.put(to, content(from));
        files.remove(from);
    }

    @Override
    public void delete(String name) {
        step("delete", name);
        content(name);
        files.remove(name);
    }

    @Override
    public void forceDirectory() {
        step("force", "the directory");
    }

    @Override
    public DirectoryLock lock() {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean mappedStoresAreSafe() {
        return mapped;
    }

    @Override
    public boolean canPunchHoles() {
        return true;
    }

    @Override
    public byte[] bootId() {
        return bootId.clone();
    }

    private final class TestFile implements ZoneFile {
        private final String name;
        private final boolean writable;
        private boolean mappedForStores;

        TestFile(String name, boolean writable) {
            this.name = name;
            this.writable = writable;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public long length() {
            return content(name).length;
        }

        @Override
        public void read(long offset, Memory target, int targetOffset, int length) {
            if (offset + length > length()) {
                throw new StoreIOException("read beyond the end of " + name, null);
            }
            target.put(targetOffset, content(name), (int) offset, length);
        }

        @Override
        public void write(long offset, Memory source, int sourceOffset, int length) {
            step("write", name);
            if (!writable) {
                throw new StoreIOException(name + " is open for reading", null);
            }
            int end = (int) offset + length;
            if (end > length()) {
                files.put(name, Arrays.copyOf(content(name), end));
            }
            source.get(sourceOffset, content(name), (int) offset, length);
        }

        @Override
        public void truncate(long newLength) {
            step("truncate", name);
            files.put(name, Arrays.copyOf(content(name), (int) newLength));
        }

        @Override
        public void mapForStores() {
            mappedForStores = true;
        }

        @Override
        public void store(long offset, Memory source, int sourceOffset, int length) {
            if (!mappedForStores || offset + length > length()) {
                throw new IllegalStateException("store outside the mapping of " + name);
            }
            write(offset, source, sourceOffset, length);
        }

        @Override
        public Memory mapReadOnly() {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean punch(long offset, long length) {
            step("punch", name);
            Arrays.fill(content(name), (int) offset, (int) (offset + length), (byte) 0);
            return true;
        }

        @Override
        public void force(boolean metadata) {
            step("force", name);
            if (failForces || !writable) {
                throw new StoreIOException("cannot force " + name, null);
            }
            duringForce.run();
        }

        @Override
        public void close() {}
    }
}
