package dev.cambium.benchmarks.storage;

import dev.cambium.segment.disk.RealFileSystem;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.memory.Memory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Reads of a file that is not in the page cache: positional ones and through a mapping, at random places and one after another. */
final class ReadTrial implements AutoCloseable {
    /** How a file is read. */
    enum Way {
        POSITIONAL,
        MAPPED
    }

    private static final int BLOCK = 1 << 20;

    private final RealFileSystem disk;
    private final ZoneFile file;
    private final int length;

    /** Writes a file of noise. */
    ReadTrial(Path directory, int length) {
        this.disk = new RealFileSystem(directory);
        this.length = length;
        disk.createDirectory();
        file = disk.create("noise");
        Memory block = Memory.allocate(BLOCK);
        SplittableRandom random = new SplittableRandom(1);
        for (int at = 0; at < length; at += BLOCK) {
            for (int i = 0; i < BLOCK; i += 8) {
                block.putLong(i, random.nextLong());
            }
            file.write(at, block, 0, Math.min(BLOCK, length - at));
        }
        block.release();
        file.force(true);
    }

    /** Nanoseconds of a read of {@code bytes} at a random place, by so many threads together. */
    double random(Way way, int bytes, int threads, int reads) throws IOException {
        PageCache.drop();
        Memory mapping = way == Way.MAPPED ? file.mapReadOnly() : null;
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            long start = System.nanoTime();
            List<Future<?>> running = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                SplittableRandom random = new SplittableRandom(t);
                running.add(executor.submit(() -> {
                    Memory target = Memory.allocate(bytes);
                    for (int i = share(reads, threads); i > 0; i--) {
                        read(mapping, random.nextInt((length - bytes) / bytes) * bytes, target, bytes);
                    }
                    target.release();
                }));
            }
            for (Future<?> one : running) {
                one.get();
            }
            return (System.nanoTime() - start) / (double) ((long) share(reads, threads) * threads);
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException("a read failed", e);
        } finally {
            executor.shutdown();
            if (mapping != null) {
                mapping.release();
            }
        }
    }

    private static int share(int reads, int threads) {
        return Math.max(1, reads / threads);
    }

    /** Bytes a nanosecond of a read from start to end, {@code bytes} at a time, by one thread. */
    double sequential(Way way, int bytes) throws IOException {
        PageCache.drop();
        Memory mapping = way == Way.MAPPED ? file.mapReadOnly() : null;
        Memory target = Memory.allocate(bytes);
        try {
            long start = System.nanoTime();
            for (int at = 0; at + bytes <= length; at += bytes) {
                read(mapping, at, target, bytes);
            }
            return length / (double) (System.nanoTime() - start);
        } finally {
            target.release();
            if (mapping != null) {
                mapping.release();
            }
        }
    }

    private void read(Memory mapping, int at, Memory target, int bytes) {
        if (mapping == null) {
            file.read(at, target, 0, bytes);
        } else {
            target.put(0, mapping, at, bytes);
        }
    }

    @Override
    public void close() {
        file.close();
        disk.delete("noise");
    }
}
