package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A store whose data are overwritten at random, as fast as it goes, for as long as one likes: zone files stay under 1.35 times what the data take when they
 * are compacted. {@code ./dev soak --overwrite} runs it.
 */
@Tag("soak")
class OverwriteSoakTest {
    private static final int MINUTES = Integer.getInteger("cambium.soak.minutes", 1);
    private static final double MOST = 1.35;
    private static final int KEYS = 3_600_000; // of 116 bytes: a hundred memtables
    private static final int VALUE_LENGTH = 100;
    private static final Options OPTIONS = Options.DEFAULT.withMemtableBytes(4 << 20);

    private final int[] written = new int[KEYS]; // the number of each key's last write

    private static byte[] key(int index) {
        return String.format("%016d", index).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    }

    /** Half of it shrinks to nothing. */
    private static byte[] value(int index, int nth) {
        byte[] value = new byte[VALUE_LENGTH];
        ByteBuffer half = ByteBuffer.wrap(value);
        SplittableRandom random = new SplittableRandom(index * 31L + nth);
        half.putInt(index).putInt(nth);
        while (half.position() < VALUE_LENGTH / 2) {
            half.putShort((short) random.nextInt());
        }
        return value;
    }

    private void put(Store store, int index) {
        int nth = ++written[index];
        store.put(key(index), value(index, nth), Durability.BUFFERED);
    }

    private static long zoneFileBytes(Path directory) throws IOException {
        long bytes = 0;
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "zone-*")) {
            for (Path file : files) {
                try {
                    bytes += Files.size(file);
                } catch (NoSuchFileException e) {
                    // it has just been given back
                }
            }
        }
        return bytes;
    }

    @Test
    void filesStayShortWhileTheDataAreOverwritten(@TempDir Path directory) throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        try (Store store = Store.open(directory, OPTIONS)) {
            for (int index = 0; index < KEYS; index++) {
                put(store, index);
            }
            store.compact();
            long data = zoneFileBytes(directory);
            long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(MINUTES);
            long nextLook = 0;
            long writes = 0;
            double most = 0;
            double sum = 0;
            int looks = 0;
            while (System.nanoTime() < end) {
                for (int i = 0; i < 1000; i++) {
                    put(store, random.nextInt(KEYS));
                }
                writes += 1000;
                if (System.nanoTime() >= nextLook) {
                    nextLook = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(100);
                    double times = (double) zoneFileBytes(directory) / data;
                    most = Math.max(most, times);
                    sum += times;
                    looks++;
                    if (looks % 300 == 0) {
                        System.out.printf(
                                "%,d writes, files %.3f times the data, %.3f on average, %.3f at most; %s%n",
                                writes, times, sum / looks, most, store.stats().writeAmplification());
                    }
                }
            }
            System.out.printf(
                    "%,d writes: files %.3f times the data on average, %.3f at most; write amplification %.2f%n",
                    writes, sum / looks, most, store.stats().writeAmplification());
            for (int index = 0; index < KEYS; index++) {
                ByteBuffer found = ByteBuffer.wrap(store.get(key(index)));
                assertEquals(index, found.getInt());
                assertEquals(written[index], found.getInt(), "an older value of key " + index);
            }
            assertTrue(most < MOST, "zone files came to " + most + " times the data");
        }
        assertTrue(Store.verify(directory).isSound());
    }
}
