package dev.cambium.testkit.disk;

import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.memory.Memory;
import java.util.Objects;

/** A handle on a file of a {@link SimulatedDisk}. The file outlives its name for as long as a handle is open. */
final class SimulatedFile implements ZoneFile {
    private final SimulatedDisk disk;
    private final String name;
    private final FileImage image;
    private final boolean writable;
    private int mappedLength;
    private boolean closed;

    SimulatedFile(SimulatedDisk disk, String name, FileImage image, boolean writable) {
        this.disk = disk;
        this.name = name;
        this.image = image;
        this.writable = writable;
        image.opened();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long length() {
        synchronized (disk) {
            checkOpen("ask the length of");
            return image.length();
        }
    }

    @Override
    public void read(long offset, Memory target, int targetOffset, int length) {
        Objects.checkFromIndexSize(targetOffset, length, target.capacity());
        synchronized (disk) {
            checkOpen("read");
            if (offset < 0 || offset + length > image.length()) {
                throw SimulatedDisk.refused(
                        "read",
                        name,
                        "it ends at " + image.length() + ", " + length + " bytes at " + offset + " were asked for");
            }
            disk.checkReadable(name, offset, length);
            image.read((int) offset, target, targetOffset, length);
        }
    }

    @Override
    public void write(long offset, Memory source, int sourceOffset, int length) {
        Objects.checkFromIndexSize(sourceOffset, length, source.capacity());
        synchronized (disk) {
            checkWritable("write");
            if (offset < 0 || offset + length > Integer.MAX_VALUE) {
                throw SimulatedDisk.refused("write", name, "a simulated file ends before 2 GiB, not at " + offset);
            }
            disk.transfer(OperationKind.WRITE, name, image, offset, source, sourceOffset, length);
        }
    }

    @Override
    public void truncate(long newLength) {
        synchronized (disk) {
            checkWritable("truncate");
            if (newLength < 0 || newLength > image.length()) {
                throw SimulatedDisk.refused(
                        "truncate", name, "it ends at " + image.length() + ", not behind " + newLength);
            }
            disk.truncate(name, image, (int) newLength);
        }
    }

    @Override
    public boolean punch(long offset, long length) {
        synchronized (disk) {
            checkWritable("punch a hole into");
            boolean isAligned = (offset | length) % ZoneFileSystem.HOLE_ALIGNMENT == 0;
            if (offset < 0 || length <= 0 || !isAligned || offset + length > image.length() || mappedLength != 0) {
                throw new IllegalArgumentException(
                        "a hole of " + length + " bytes at " + offset + " in " + name + " of " + image.length());
            }
            return disk.punch(name, image, (int) offset, (int) length);
        }
    }

    @Override
    public void mapForStores() {
        synchronized (disk) {
            checkWritable("map");
            if (!disk.mappedStoresAreSafe()) {
                throw new IllegalStateException("stores into mappings are not safe on " + disk.describe());
            }
            if (mappedLength != 0) {
                throw new IllegalStateException(name + " is mapped for stores already");
            }
            if (image.length() == 0) {
                throw SimulatedDisk.refused("map", name, "its length is 0");
            }
            if (!image.isFullyWritten()) {
                throw new IllegalStateException(name + " has sectors that were never written: a store may need room");
            }
            mappedLength = image.length();
        }
    }

    @Override
    public void store(long offset, Memory source, int sourceOffset, int length) {
        Objects.checkFromIndexSize(sourceOffset, length, source.capacity());
        synchronized (disk) {
            checkWritable("store into");
            if (mappedLength == 0) {
                throw new IllegalStateException(name + " is not mapped for stores");
            }
            Objects.checkFromIndexSize(offset, length, (long) mappedLength);
            disk.transfer(OperationKind.STORE, name, image, offset, source, sourceOffset, length);
        }
    }

    /** As the contract says, but a copy: what is written later does not show, as it need not in sealed files. */
    @Override
    public Memory mapReadOnly() {
        synchronized (disk) {
            checkOpen("map");
            if (image.length() == 0) {
                throw SimulatedDisk.refused("map", name, "its length is 0");
            }
            disk.checkReadable(name, 0, image.length());
            Memory copy = Memory.allocate(image.length());
            image.read(0, copy, 0, image.length());
            return copy;
        }
    }

    @Override
    public void force(boolean metadata) {
        synchronized (disk) {
            checkWritable("force");
            disk.force(name, image, metadata);
        }
    }

    @Override
    public void close() {
        synchronized (disk) {
            if (!closed) {
                closed = true;
                mappedLength = 0;
                image.closed();
            }
        }
    }

    private void checkWritable(String what) {
        checkOpen(what);
        if (!writable) {
            throw SimulatedDisk.refused(what, name, "it is open for reading only");
        }
    }

    private void checkOpen(String what) {
        disk.checkAlive();
        if (closed) {
            throw SimulatedDisk.refused(what, name, "it is closed");
        }
    }
}
