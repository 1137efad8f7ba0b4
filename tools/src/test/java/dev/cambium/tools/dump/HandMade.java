package dev.cambium.tools.dump;

import dev.cambium.segment.disk.RealFileSystem;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.manifest.ManifestEdit;
import dev.cambium.segment.manifest.ManifestFile;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.manifest.Superblock;
import dev.cambium.segment.manifest.SuperblockFile;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.ChunkList;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageKind;
import dev.cambium.segment.page.PageOpener;
import dev.cambium.segment.page.PageSealer;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.ValuePage;
import dev.cambium.segment.pool.BufferPool;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZoneWalk;
import dev.cambium.segment.zone.ZoneWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.roaringbitmap.RoaringBitmap;

/** Pages and manifests that no store writes, or that say what is not so. Stateless. */
final class HandMade {
    private HandMade() {}

    private static StoreFacts facts(RealFileSystem disk) {
        return StoreFacts.read(disk);
    }

    /** Puts a new manifest in place in which one run is said to be otherwise. */
    private static void change(RealFileSystem disk, long run, UnaryOperator<ManifestRecord.Run> change) {
        change(disk, record -> {
            boolean meant = record instanceof ManifestRecord.Run said && said.id() == run;
            return meant ? change.apply((ManifestRecord.Run) record) : record;
        });
    }

    private static void change(RealFileSystem disk, UnaryOperator<ManifestRecord> change) {
        StoreFacts facts = facts(disk);
        Superblock superblock = facts.superblock();
        ManifestState state = facts.state();
        ManifestEdit.Builder edit = ManifestEdit.to(state.version());
        for (ManifestRecord record : state.toSnapshotEdit().records()) {
            edit.add(change.apply(record));
        }
        long id = superblock.manifestId() + 1;
        try (ManifestFile manifest = ManifestFile.create(disk, id, superblock.storeId(), edit.build())) {
            SuperblockFile.open(disk).write(superblock.withManifest(id, manifest.length()));
        }
    }

    private static ManifestRecord.Run with(ManifestRecord.Run run, int rootCrc, long more, byte[] lastKey) {
        return new ManifestRecord.Run(
                run.id(),
                run.root(),
                rootCrc,
                run.tier(),
                run.oldest(),
                run.newest(),
                run.minBatch(),
                run.maxBatch(),
                run.entries() + more,
                run.tombstones() + more,
                run.bytes() + more,
                run.firstKey(),
                lastKey);
    }

    /** Makes the manifest say of a run that it has more entries, or else a last key below its last one. */
    static void changeRun(Path directory, long id, boolean sums) {
        long more = sums ? 1 : -1; // the second call takes back what the first added
        change(new RealFileSystem(directory), id, run -> {
            byte[] lastKey = run.lastKey();
            lastKey[lastKey.length - 1] -= sums ? 0 : 1;
            return with(run, run.rootCrc(), more, lastKey);
        });
    }

    /** Makes the manifest call some units of a zone dead. */
    static void changeLive(Path directory, int zone, long firstUnit, long endUnit) {
        change(new RealFileSystem(directory), record -> {
            if (!(record instanceof ManifestRecord.PagesLive live) || live.zone() != zone) {
                return record;
            }
            RoaringBitmap units = live.units().clone();
            units.remove(firstUnit, endUnit);
            return new ManifestRecord.PagesLive(zone, units);
        });
    }

    /** Makes the root of a run, a page of level 1, say more of its first child than is so; all checksums hold. */
    static void changeChild(Path directory, long id) {
        RealFileSystem disk = new RealFileSystem(directory);
        StoreFacts facts = facts(disk);
        ManifestRecord.Run run = facts.state().runs().stream()
                .filter(named -> named.id() == id)
                .findFirst()
                .orElseThrow();
        int zone = Pointer.zone(run.root());
        int offset = Pointer.offset(run.root());
        byte[] storeId = facts.storeId();
        int rootCrc;
        try (ZoneFile file = disk.open(ZoneFiles.name(zone));
                StoredPage page = StoredPage.read(file, zone, offset, file.length(), storeId)) {
            Memory raw = page.raw();
            int count = raw.getUnsignedShort(48);
            int entries = (64 + 4 * count + 7 & -8) + 8 * count;
            int bytes = entries + 8 * count;
            int last = 8 * (count - 1);
            add(raw, entries, 2);
            add(raw, entries + last, -2); // so that the sums stay
            add(raw, bytes, 5);
            add(raw, bytes + last, -5);
            add(raw, bytes + 16 * count, 1); // newestBirth
            PageSealer sealer = new PageSealer(storeId);
            Memory target = Memory.allocate(PageSealer.room(raw.capacity()));
            int length = sealer.seal(
                    raw,
                    raw.capacity(),
                    PageKind.KEYS,
                    1,
                    PageHeader.flags(page.stored(), 0),
                    zone,
                    offset,
                    PageHeader.birth(page.stored(), 0),
                    id,
                    0,
                    target,
                    0);
            file.write(offset, target, 0, length);
            rootCrc = sealer.payloadCrc();
            target.release();
        }
        change(disk, id, said -> with(said, rootCrc, 0, said.lastKey()));
    }

    private static void add(Memory page, int at, long more) {
        page.putLong(at, page.getLong(at) + more);
    }

    /** Writes a zone with a value of two chunks and their list; returns its pointer. */
    static long writeChunks(Path directory, int zone) {
        RealFileSystem disk = new RealFileSystem(directory);
        byte[] storeId = facts(disk).storeId();
        int[] lengths = {ChunkList.CHUNK_LENGTH, 5};
        Memory list = Memory.allocate(ChunkList.pageLength(2));
        try (ZoneWriter writer = ZoneWriter.create(
                disk, zone, storeId, 0, 0, ZoneWriter.MAX_LENGTH, new BufferPool(1 << 26, 64 << 10))) {
            ChunkList.begin(list, 2, lengths[0] + lengths[1]);
            for (int i = 0; i < 2; i++) {
                Memory page = Memory.allocate(ValuePage.VALUE_START_OFFSET + 8 + lengths[i]);
                page.putInt(ValuePage.COUNT_OFFSET, 1);
                page.putInt(ValuePage.VALUE_START_OFFSET + 4, lengths[i]);
                for (int at = ValuePage.VALUE_START_OFFSET + 8; at < page.capacity(); at++) {
                    page.putByte(at, 'a');
                }
                writer.append(page, page.capacity(), PageKind.VALUES, 0, 0, 1, Pointer.NULL, 0);
                ChunkList.putChunk(list, i, writer.pointer(), writer.payloadCrc(), lengths[i]);
                page.release();
            }
            writer.append(list, list.capacity(), PageKind.CHUNKS, 0, 0, 1, Pointer.NULL, 0);
            writer.flush();
            return writer.pointer();
        } finally {
            list.release();
        }
    }

    /** Writes a zone with the small pages of all zones, bytes of which are others but under checksums that hold. */
    static List<Integer> writeFlipped(Path directory, int zone, Random random) {
        RealFileSystem disk = new RealFileSystem(directory);
        byte[] storeId = facts(disk).storeId();
        List<Integer> offsets = new ArrayList<>();
        try (ZoneWriter writer = ZoneWriter.create(
                disk, zone, storeId, 0, 0, ZoneWriter.MAX_LENGTH, new BufferPool(1 << 26, 64 << 10))) {
            for (int source = 1; source <= 4; source++) {
                try (ZoneFile file = disk.openReadOnly(ZoneFiles.name(source));
                        ZoneWalk walk = new ZoneWalk(file, source, storeId, pagesEnd(file))) {
                    while (walk.next()) {
                        if (PageHeader.rawLength(walk.page(), 0) < 10_000) {
                            offsets.add(writer.length());
                            appendFlipped(writer, walk.page(), random);
                        }
                    }
                }
            }
            writer.flush();
        }
        return offsets;
    }

    /** Where the pages of one of the four zones end: the first two are sealed. */
    private static long pagesEnd(ZoneFile file) {
        return switch ((int) ZoneFiles.numberOf(file.name())) {
            case 1 -> 524_224;
            case 2 -> 808_832;
            default -> file.length();
        };
    }

    private static void appendFlipped(ZoneWriter writer, Memory stored, Random random) {
        Memory raw = Memory.allocate(PageHeader.rawLength(stored, 0));
        PageOpener.unpackUnchecked(stored, 0, "a zone", 0, raw);
        for (int flips = random.nextInt(4); flips > 0; flips--) {
            int range = random.nextBoolean() ? 16 : raw.capacity() - 48;
            raw.putByte(48 + random.nextInt(range), random.nextInt(256));
        }
        int flags = PageHeader.flags(stored, 0) ^ (random.nextInt(4) == 0 ? 1 << random.nextInt(6) : 0);
        writer.append(
                raw,
                raw.capacity(),
                PageHeader.kind(stored, 0),
                PageHeader.level(stored, 0),
                flags,
                PageHeader.birth(stored, 0),
                random.nextInt(8) == 0 ? random.nextLong() | 1 : PageHeader.owner(stored, 0),
                0);
        raw.release();
    }
}
