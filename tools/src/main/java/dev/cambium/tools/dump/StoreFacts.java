package dev.cambium.tools.dump;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.error.StoreIOException;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.manifest.ManifestFile;
import dev.cambium.segment.manifest.ManifestReading;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.ManifestState;
import dev.cambium.segment.manifest.Superblock;
import dev.cambium.segment.manifest.SuperblockFile;

/**
 * What superblock and manifest say, as far as they can be read, for those who show other files. Nothing here throws for damage:
 * what is wrong is {@link #problem}. Immutable.
 *
 * @param superblock null where there is none that holds
 * @param reading of its manifest, up to the first edit that does not hold; null where there is none
 * @param problem why that is not all, or null
 */
record StoreFacts(Superblock superblock, ManifestReading reading, String problem) {
    /** How often a writer may put a new manifest in the place of the one that is about to be read. */
    private static final int ATTEMPTS = 10;

    static StoreFacts read(ZoneFileSystem disk) {
        for (int attempt = 1; ; attempt++) {
            Superblock superblock;
            try {
                if (!disk.directoryExists() || !disk.exists(SuperblockFile.NAME)) {
                    return new StoreFacts(null, null, "there is no " + SuperblockFile.NAME);
                }
                superblock = SuperblockFile.open(disk).current();
            } catch (CorruptionException | FormatVersionException e) {
                return new StoreFacts(null, null, e.getMessage());
            }
            StoreFacts facts = manifest(disk, superblock);
            if (facts.problem == null || attempt == ATTEMPTS || isCurrent(disk, superblock)) {
                return facts;
            }
        }
    }

    private static boolean isCurrent(ZoneFileSystem disk, Superblock superblock) {
        try {
            return SuperblockFile.open(disk).current().equals(superblock);
        } catch (CorruptionException | FormatVersionException e) {
            return false;
        }
    }

    private static StoreFacts manifest(ZoneFileSystem disk, Superblock superblock) {
        long id = superblock.manifestId();
        if (!disk.exists(ManifestFile.name(id))) {
            return new StoreFacts(superblock, null, "there is no " + ManifestFile.name(id));
        }
        try {
            return new StoreFacts(
                    superblock, ManifestFile.read(disk, id, superblock.storeId(), superblock.manifestLength()), null);
        } catch (CorruptionException | FormatVersionException e) {
            ManifestReading beginning = ManifestFile.readBeginning(disk, id);
            return new StoreFacts(superblock, beginning.edits().isEmpty() ? null : beginning, e.getMessage());
        } catch (StoreIOException e) {
            if (disk.exists(ManifestFile.name(id))) {
                throw e;
            }
            return new StoreFacts(superblock, null, e.getMessage()); // a newer one has just taken its place
        }
    }

    /** What the edits come to that hold; nothing where none does. */
    ManifestState state() {
        return reading == null ? ManifestState.EMPTY : reading.state();
    }

    /** The store's id, or null where it is not known. */
    byte[] storeId() {
        return superblock == null ? null : superblock.storeId();
    }

    /** What the manifest says of a zone, or null. */
    ManifestRecord.Zone zone(int number) {
        return state().zones().get(number);
    }

    /** Whether it is certain that the manifest does not name the zone. */
    boolean isUnnamed(int number) {
        return problem == null && zone(number) == null;
    }

    /** What is to be said of a zone before it is shown. */
    String describe(int number) {
        ManifestRecord.Zone zone = zone(number);
        if (zone != null) {
            return "the manifest names it: " + zone.state() + ", length " + zone.length()
                    + (problem == null ? "" : ", as far as it holds: " + problem);
        }
        return problem == null
                ? "the manifest does not name it: it is being written, or garbage"
                : "what the manifest says of it is not known: " + problem;
    }
}
