package dev.cambium.compaction;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.cambium.error.CorruptionException;
import dev.cambium.segment.frame.Frame;
import dev.cambium.segment.frame.FrameCache;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.zone.SharedZone;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.segment.zone.ZoneReader;
import java.util.function.IntFunction;

/**
 * Where the trees of one store get their pages from: its zones, its frames, and the key pages that are known. A key page that is part of
 * several trees, because a merge linked it, is one {@link KeyNode}, and so are its children. Safe for any thread.
 */
public final class TreePages {
    private final IntFunction<SharedZone> zones;
    private final FrameCache frames;
    private final Cache<Long, KeyNode> nodes =
            Caffeine.newBuilder().weakValues().executor(Runnable::run).build();

    private volatile long scannedOften;

    /** @param zones finds a zone by its number, as long as somebody holds it; else null */
    public TreePages(IntFunction<SharedZone> zones, FrameCache frames) {
        this.zones = zones;
        this.frames = frames;
    }

    /**
     * The zone that a pointer leads into.
     *
     * @throws CorruptionException where it leads into none
     */
    public SharedZone sharedZone(long pointer) {
        SharedZone zone = zones.apply(Pointer.zone(pointer));
        if (zone == null) {
            throw new CorruptionException(
                    ZoneFiles.name(Pointer.zone(pointer)),
                    Pointer.offset(pointer),
                    "a page of a run in a zone that is named",
                    "another zone");
        }
        return zone;
    }

    ZoneReader zone(long pointer) {
        return sharedZone(pointer).reader();
    }

    /** Scans have gone through the leaves of a key page often. */
    void noteScannedOften() {
        scannedOften = scannedOften + 1; // about: it is looked at for changes
    }

    /** Changes, now and then, while there are ranges of keys that are scanned often. */
    public long scannedOften() {
        return scannedOften;
    }

    FrameCache frames() {
        return frames;
    }

    /** The frame of a page, loaded if need be; see {@link FrameCache#fetch}. */
    Frame fetch(long pointer, int payloadCrc, Object[] children, int index) {
        return frames.fetch(zone(pointer), pointer, payloadCrc, children, index);
    }

    /**
     * The node of a key page.
     *
     * @param level that the parent says it has, or -1 for a root
     */
    KeyNode node(long pointer, int payloadCrc, int level) {
        KeyNode known = nodes.getIfPresent(pointer);
        if (known == null || !known.isThat(payloadCrc, level)) {
            KeyNode loaded = KeyNode.load(this, pointer, payloadCrc, level);
            KeyNode first = nodes.asMap().putIfAbsent(pointer, loaded);
            known = first == null || !first.isThat(payloadCrc, level) ? loaded : first;
        }
        return known;
    }
}
