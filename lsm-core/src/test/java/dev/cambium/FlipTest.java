package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.log.Verification;
import dev.cambium.segment.manifest.ManifestFile;
import dev.cambium.segment.manifest.ManifestReading;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.Superblock;
import dev.cambium.segment.manifest.SuperblockFile;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.CrashKind;
import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.SimulatedCrash;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.explore.ModelSubject;
import dev.cambium.testkit.generate.KeyShape;
import dev.cambium.testkit.generate.OperationGenerator;
import dev.cambium.testkit.generate.World;
import dev.cambium.testkit.model.CrashHistory;
import dev.cambium.testkit.model.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Inverts single bits of a store's files and opens it: the open refuses with the name of the file and changes nothing,
 * or the
 * contents are those that were promised. A bit may hide in what nobody uses; it never becomes wrong data.
 */
@ExtendWith(QuietLog.class) // what a background step meets is logged
class FlipTest {
    private static final int IMAGES = 4;

    /** How the store was left. */
    enum End {
        CLOSED,
        KILLED,
        KILLED_AND_REBOOTED
    }

    /** A store's files and what they have to hold. */
    private record Image(SimulatedDisk disk, CrashHistory<Operation> history, List<Place> places) {
        /** How much of a zone file counts; 0 where the manifest does not name it. */
        long namedLength(String file) {
            Superblock superblock = SuperblockFile.open(disk).current();
            ManifestReading manifest =
                    ManifestFile.read(disk, superblock.manifestId(), superblock.storeId(), superblock.manifestLength());
            ManifestRecord.Zone zone = manifest.state().zones().get((int) ZoneFiles.numberOf(file));
            return zone == null ? 0 : zone.length();
        }
    }

    /** What of a file is used, and so worth inverting. */
    private record Place(String file, int usedBytes, int[] nonZeroBytes) {}

    @ParameterizedTest
    @EnumSource
    void openNeverTakesAFlippedBitForData(End end) {
        run(end, 700, 7);
    }

    @Tag("long")
    @ParameterizedTest
    @EnumSource
    void openNeverTakesOneOfManyFlippedBitsForData(End end) {
        run(end, 7000, 77);
    }

    /** The last edit of a manifest may be torn, but not where it names a log that is in use. */
    @ParameterizedTest
    @ValueSource(ints = {20, 26, 32, 38, 44, 50, 56, 62, 68})
    void openNeverForgetsALogInUseOverADamagedLastEditOfTheManifest(int puts) {
        Options options = Options.DEFAULT.withMemoryBudget(64 << 20).withMemtableBytes(32 << 10);
        SimulatedDisk disk = new SimulatedDisk(puts);
        Store killed = Store.open(new SimulatedEnvironment(disk, puts).environment(), options);
        for (int i = 0; i < puts; i++) {
            killed.put(new byte[] {(byte) i}, new byte[1000]);
        }
        String manifest = disk.list().stream()
                .filter(name -> name.startsWith("manifest-"))
                .findFirst()
                .orElseThrow();
        int length = disk.bytes(manifest).length;
        for (int at = length - 40; at < length; at += 8) {
            SimulatedDisk flipped = disk.afterCrash(CrashOutcome.PROCESS_KILL);
            flipped.corrupt(manifest, at * 8L);
            try (Store opened = Store.open(new SimulatedEnvironment(flipped, puts).environment(), options)) {
                for (int i = 0; i < puts; i++) {
                    assertNotNull(opened.get(new byte[] {(byte) i}), "SYNC put " + i + " of " + puts + ", byte " + at);
                }
            } catch (CorruptionException refused) {
                assertEquals(0, flipped.operationCount());
            }
        }
        disk.crash();
        assertThrows(SimulatedCrash.class, killed::close);
    }

    private static void run(End end, int flips, long seed) {
        Random random = new Random(seed);
        TreeMap<String, Integer> outcomes = new TreeMap<>();
        for (int i = 0; i < IMAGES; i++) {
            Image image = image(end, seed + i);
            for (int flip = 0; flip < flips / IMAGES; flip++) {
                Place place = image.places.get(random.nextInt(image.places.size()));
                int at = random.nextInt(3) == 0
                        ? random.nextInt(place.usedBytes)
                        : place.nonZeroBytes[random.nextInt(place.nonZeroBytes.length)];
                String outcome = flip(image, seed + i, place.file, at * 8L + random.nextInt(8));
                outcomes.merge(place.file.replaceAll("-.*", "") + " " + outcome, 1, Integer::sum);
            }
        }
        System.out.println("flips in a store that was " + end + ": " + outcomes);
        assertTrue(outcomes.keySet().stream().anyMatch(outcome -> outcome.startsWith("log CorruptionException")));
        assertTrue(outcomes.keySet().stream().anyMatch(outcome -> outcome.startsWith("manifest CorruptionException")));
    }

    private static Image image(End end, long seed) {
        SimulatedDisk disk = new SimulatedDisk(seed);
        World world = seed % 2 == 0
                ? World.tiny().withValues(300)
                : World.tiny().with(KeyShape.MIXED, 40).withValues(900);
        List<Operation> workload = new OperationGenerator(world, seed).take(150);
        ModelSubject subject = new ModelSubject(new CambiumUnderTest());
        subject.open(new SimulatedEnvironment(disk, seed));
        List<CrashHistory.Begun<Operation>> steps = new ArrayList<>();
        for (Operation operation : workload) {
            subject.apply(operation);
            steps.add(new CrashHistory.Begun<>(operation, CrashHistory.End.ACKNOWLEDGED));
        }
        if (end == End.CLOSED) {
            subject.close();
        } else {
            disk.crash();
            subject.abandon();
        }
        SimulatedDisk left =
                disk.afterCrash(end == End.KILLED_AND_REBOOTED ? CrashOutcome.EVERYTHING : CrashOutcome.PROCESS_KILL);
        // What a flipped bit costs is at most what a power loss may: an unforced suffix, never a SYNC write.
        return new Image(left, new CrashHistory<>(CrashKind.POWER_LOSS, steps, end == End.CLOSED), places(left));
    }

    private static List<Place> places(SimulatedDisk disk) {
        List<Place> places = new ArrayList<>();
        for (String name : disk.list()) {
            if (name.equals("LOCK") || name.equals("OWNER")) {
                continue;
            }
            byte[] bytes = disk.bytes(name);
            int[] nonZero = new int[bytes.length];
            int count = 0;
            for (int i = 0; i < bytes.length; i++) {
                if (bytes[i] != 0) {
                    nonZero[count++] = i;
                }
            }
            int used = name.startsWith("log-") ? Math.max(4096, nonZero[count - 1] + 1) : bytes.length;
            places.add(new Place(name, used, java.util.Arrays.copyOf(nonZero, count)));
        }
        return places;
    }

    /** Inverts one bit in a copy and opens it; returns how that ended. */
    private static String flip(Image image, long seed, String file, long bit) {
        SimulatedDisk disk = image.disk.afterCrash(CrashOutcome.PROCESS_KILL);
        disk.corrupt(file, bit);
        ModelSubject subject = new ModelSubject(new CambiumUnderTest());
        if (file.startsWith("zone-")) {
            verifyFinds(disk, file, bit / 8, image.namedLength(file));
        }
        String where = "seed " + seed + ", bit " + bit % 8 + " of byte " + bit / 8 + " of " + file;
        try {
            subject.open(new SimulatedEnvironment(disk, seed));
        } catch (CorruptionException e) {
            assertEquals(0, disk.operationCount(), () -> where + ": a refused open has changed the disk: " + e);
            assertTrue(mayBeBlamed(e.file(), file), () -> where + ": another file is blamed: " + e);
            return e.file().equals(file) ? "CorruptionException" : "CorruptionException for another file";
        } catch (FormatVersionException e) {
            assertEquals(0, disk.operationCount(), () -> where + ": a refused open has changed the disk: " + e);
            assertTrue(e.getMessage().startsWith(file), () -> where + ": another file is blamed: " + e);
            return "FormatVersionException";
        } catch (RuntimeException | Error e) {
            throw new AssertionError(where, e);
        }
        try {
            subject.check(image.history);
            subject.close();
            return "opens";
        } catch (
                CorruptionException
                        e) { // pages are verified when they are loaded, a log that is not needed by `verify` only
            subject.abandon();
            assertTrue(e.file().equals(file), () -> where + ": another file is blamed: " + e);
            return "CorruptionException when read";
        } catch (RuntimeException | AssertionError e) {
            subject.abandon();
            throw new AssertionError(where, e);
        }
    }

    /** Every byte of a zone that counts is verified, and nothing else. */
    private static void verifyFinds(SimulatedDisk disk, String file, long at, long namedLength) {
        VerifyReport report = new Verification(disk.afterCrash(CrashOutcome.PROCESS_KILL)).run();
        assertEquals(at >= namedLength, report.isSound(), () -> "byte " + at + " of " + file + ": " + report);
        assertTrue(report.findings().stream().allMatch(finding -> finding.file().equals(file)), report::toString);
    }

    /**
     * A file that is sound in itself may contradict the flipped one: superblock and manifest say what others hold, logs
     * chain.
     */
    private static boolean mayBeBlamed(String blamed, String flipped) {
        return blamed.equals(flipped)
                || !flipped.startsWith("log-")
                || flipped.startsWith("log-") && blamed.startsWith("log-");
    }
}
