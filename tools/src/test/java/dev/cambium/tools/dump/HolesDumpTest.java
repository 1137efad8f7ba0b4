package dev.cambium.tools.dump;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.Options;
import dev.cambium.Store;
import dev.cambium.VerifyReport;
import dev.cambium.segment.disk.RealFileSystem;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.manifest.ManifestFile;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.manifest.Superblock;
import dev.cambium.segment.manifest.SuperblockFile;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZonePages;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.roaringbitmap.RoaringBitmap;

/** Zones with holes where nothing lives, made by hand, as they are found where the platform has none too. */
class HolesDumpTest {
    @TempDir
    Path directory;

    private RealFileSystem disk;
    private ManifestState state;
    private ManifestRecord.Zone zone; // sealed, and dead in part

    @BeforeEach
    void create() {
        byte[] value = new byte[3 << 20];
        try (Store store = Store.open(directory, Options.DEFAULT.withZoneBytes(16 << 20))) {
            for (int i = 0; i < 8; i++) {
                new SplittableRandom(i).nextBytes(value);
                store.put(key(i), value);
            }
            store.flush();
            store.delete(key(2));
            store.compact();
        }
        disk = new RealFileSystem(directory);
        Superblock superblock = SuperblockFile.open(disk).current();
        state = ManifestFile.read(disk, superblock.manifestId(), superblock.storeId(), superblock.manifestLength())
                .state();
        zone = state.zones().values().stream()
                .filter(each -> each.state() == ManifestRecord.ZoneState.SEALED
                        && each.length() - state.liveBytes(each.number()) > 3 << 20)
                .findFirst()
                .orElseThrow();
    }

    private static byte[] key(int number) {
        return ("key" + number).getBytes(StandardCharsets.US_ASCII);
    }

    /** Writes zeros into a zone. */
    private void zero(long offset, int length) {
        Memory zeros = Memory.allocate(length);
        zeros.zero(0, length);
        try (ZoneFile file = disk.open(ZoneFiles.name(zone.number()))) {
            file.write(offset, zeros, 0, length);
        } finally {
            zeros.release();
        }
    }

    private RoaringBitmap dead() {
        try (ZoneFile file = disk.openReadOnly(ZoneFiles.name(zone.number()))) {
            return ZonePages.read(file, zone.number(), zone.length())
                    .dead(state.live().get(zone.number()));
        }
    }

    @Test
    void aHoleWhereNothingLivesIsShownAndIsNoDamage() throws IOException {
        RoaringBitmap dead = dead();
        assertTrue(dead.getCardinality() * 64 >= (3 << 20) - 8192);
        zero(dead.first() * 64L, dead.getCardinality() * 64);
        DumpRun run =
                DumpRun.of(directory, "zone", Integer.toString(zone.number())).requireExit(0);
        run.requireText("of this page nothing lives, and a hole is in it");
        assertTrue(run.count("punched") >= 3 && run.count("punched") <= 5, run.out());
        assertEquals(run.count("punched"), run.count("the page does not hold"), "the directory has them: " + run.out());
        DumpRun json = DumpRun.of(directory, "zone", Integer.toString(zone.number()), "--json")
                .requireExit(0);
        assertEquals(run.count("punched"), json.parts("punched").size());
        assertEquals(List.of(), Store.verify(directory).findings());
    }

    @Test
    void aHoleOverALivePageIsDamage() {
        int live = state.live().get(zone.number()).first() * 64;
        zero(live & -4096, 8192);
        DumpRun run = DumpRun.of(directory, "zone", Integer.toString(zone.number()));
        assertEquals(4, run.exitCode(), run.out());
        List<VerifyReport.Finding> findings = Store.verify(directory).findings();
        assertTrue(!findings.isEmpty(), "none");
        findings.forEach(finding -> assertEquals(ZoneFiles.name(zone.number()), finding.file()));
    }
}
