package dev.cambium.tools.dump;

import dev.cambium.Keyspace;
import dev.cambium.Options;
import dev.cambium.SimulatedStores;
import dev.cambium.Store;
import dev.cambium.segment.disk.RealFileSystem;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.DirectoryCopy;
import dev.cambium.testkit.disk.SimulatedDisk;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;

/** Stores with runs, made on a simulated disk: whoever makes one again gets the same bytes. */
final class GoldenPages {
    private static final long SEED = 17;

    private GoldenPages() {}

    private static byte[] b(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Three runs. Run 1, in large pages, fills most of zone 1, which is sealed, with values that are not quite long; three more that are long
     * share a page in zone 2, which is sealed too. Run 2, in small pages, has a tree of three levels, with the leaves in zone 1 and the key
     * pages in zone 4, and values of 400 kB in zone 2 and zone 3, which is open, as a version of before wrote them. Run 3, in small pages, has tombstones, a keyspace and other key
     * lengths in zone 4, which is open.
     */
    static void create(Path directory) {
        DirectoryCopy.copy(Made.DISK, new RealFileSystem(directory));
    }

    /** Made when it is first needed, and then copied. */
    private static final class Made {
        static final SimulatedDisk DISK = make();
    }

    private static SimulatedDisk make() {
        Options small = Options.DEFAULT
                .withMemoryBudget(64 << 20)
                .withPageBytes(Options.MIN_PAGE_BYTES)
                .withZoneBytes(Options.MIN_ZONE_BYTES);
        SimulatedDisk disk = new SimulatedDisk(SEED);
        Random random = new Random(SEED);
        try (Store store = open(disk, small.withPageBytes(Options.MAX_PAGE_BYTES))) {
            for (int i = 0; i < 513; i++) {
                store.put(b(String.format("most-%03d", i)), bytes(random, 1000));
            }
            for (int i = 0; i < 3; i++) {
                store.put(b("shared-" + i), bytes(random, 1500));
            }
            store.flush();
        }
        try (Store store = open(disk, small)) {
            for (int i = 0; i < 150; i++) {
                store.put(b(String.format("key-%04d", i)), b("the value of " + i));
            }
            for (int i = 0; i < 3; i++) {
                SimulatedStores.putThroughLog(store, b("long-" + i), bytes(random, 400_000));
            }
            store.put(b("long-3"), b("x".repeat(2000)));
            store.flush();
            Keyspace users = store.keyspace("users");
            users.put(b("ada"), b("London"));
            users.put(b("grace\u0000\n"), b("New York"));
            store.delete(b("key-0007"));
            store.put(b("key-0008"), b(""));
            store.put(b(""), b("of the empty key"));
            store.put(b("k"), b("v".repeat(500)));
            store.flush();
        }
        return disk;
    }

    private static Store open(SimulatedDisk disk, Options options) {
        return SimulatedStores.open(new SimulatedEnvironment(disk, SEED), options);
    }

    private static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    /** As {@link #create}, with few bytes: all in zone 1, but for one long value. */
    static void createSmall(Path directory) {
        SimulatedDisk disk = new SimulatedDisk(SEED);
        Options options = Options.DEFAULT.withMemoryBudget(64 << 20).withPageBytes(Options.MIN_PAGE_BYTES);
        try (Store store = open(disk, options)) {
            for (int i = 0; i < 150; i++) {
                store.put(b(String.format("key-%04d", i)), b("the value of " + i));
            }
            store.put(b("long"), b("x".repeat(2000)));
            store.flush();
            store.delete(b("key-0007"));
            store.flush();
        }
        DirectoryCopy.copy(disk, new RealFileSystem(directory));
    }

    /** Three keys, one run: the example in docs/FORMAT.md. */
    static ZoneFileSystem threeKeys() {
        SimulatedDisk disk = new SimulatedDisk(SEED);
        Options options = Options.DEFAULT.withMemoryBudget(64 << 20);
        try (Store store = open(disk, options)) {
            store.put(b("apple"), b("red"));
            store.put(b("apricot"), b("orange"));
            store.put(b("banana"), b("yellow"));
            store.flush();
        }
        return disk;
    }
}
