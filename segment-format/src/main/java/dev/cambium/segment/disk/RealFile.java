package dev.cambium.segment.disk;

import dev.cambium.error.StoreIOException;
import dev.cambium.segment.memory.Memory;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

/** A file of the operating system; see {@link RealFileSystem} for why the channel is an asynchronous one. */
final class RealFile implements ZoneFile {
    private static final int LARGEST_STEP = 1 << 20;

    private final Path path;
    private final String name;
    private final AsynchronousFileChannel channel;
    private final HolePunch holes;
    private volatile Memory mapping;

    RealFile(Path path, String name, AsynchronousFileChannel channel, HolePunch holes) {
        this.path = path;
        this.name = name;
        this.channel = channel;
        this.holes = holes;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long length() {
        return RealFileSystem.call("ask the length of", path.toString(), channel::size);
    }

    @Override
    public void read(long offset, Memory target, int targetOffset, int length) {
        try {
            for (int done = 0; done < length; ) {
                ByteBuffer into = target.slice(targetOffset + done, Math.min(LARGEST_STEP, length - done));
                int count = result(channel.read(into, offset + done));
                if (count < 0) {
                    throw new EOFException(
                            "it ends at " + channel.size() + ", " + length + " bytes at " + offset + " were asked for");
                }
                done += count;
            }
        } catch (IOException e) {
            throw RealFileSystem.failure("read", path.toString(), e);
        }
    }

    @Override
    public void write(long offset, Memory source, int sourceOffset, int length) {
        try {
            for (int done = 0; done < length; ) {
                ByteBuffer from = source.slice(sourceOffset + done, Math.min(LARGEST_STEP, length - done));
                done += result(channel.write(from, offset + done));
            }
        } catch (IOException e) {
            throw RealFileSystem.failure("write", path.toString(), e);
        }
    }

    @Override
    public void truncate(long newLength) {
        RealFileSystem.run("truncate", path.toString(), () -> channel.truncate(newLength));
    }

    private static int result(Future<Integer> transfer) throws IOException {
        boolean interrupted = false;
        try {
            for (; ; ) {
                try {
                    return transfer.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof IOException io) {
                        throw io;
                    }
                    throw new IOException(e.getCause());
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public void mapForStores() {
        mapping = map(MapMode.READ_WRITE);
    }

    @Override
    public Memory mapReadOnly() {
        return map(MapMode.READ_ONLY);
    }

    private Memory map(MapMode mode) {
        long length = length();
        if (length == 0 || length > Integer.MAX_VALUE) {
            throw new StoreIOException("cannot map " + path + ": its length is " + length, null);
        }
        return RealFileSystem.call(
                "map",
                path.toString(),
                () -> RealFileSystem.uninterruptibly(() -> {
                    try (FileChannel own = mode == MapMode.READ_ONLY
                            ? FileChannel.open(path, StandardOpenOption.READ)
                            : FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                        return Memory.over(own.map(mode, 0, length));
                    }
                }));
    }

    @Override
    public void store(long offset, Memory source, int sourceOffset, int length) {
        Memory target = mapping;
        if (target == null) {
            throw new IllegalStateException(name + " is not mapped for stores");
        }
        target.put((int) offset, source, sourceOffset, length);
    }

    @Override
    public boolean punch(long offset, long length) {
        boolean isAligned = (offset | length) % ZoneFileSystem.HOLE_ALIGNMENT == 0;
        if (offset < 0 || length <= 0 || !isAligned || offset + length > length()) {
            throw new IllegalArgumentException(
                    "a hole of " + length + " bytes at " + offset + " in " + path + " of " + length() + " bytes");
        }
        return RealFileSystem.call("punch a hole into", path.toString(), () -> holes.punch(path, offset, length));
    }

    @Override
    public void force(boolean metadata) {
        RealFileSystem.run("force", path.toString(), () -> channel.force(metadata));
    }

    @Override
    public void close() {
        Memory mapped = mapping;
        mapping = null;
        if (mapped != null) {
            mapped.release();
        }
        RealFileSystem.run("close", path.toString(), channel::close);
    }
}
