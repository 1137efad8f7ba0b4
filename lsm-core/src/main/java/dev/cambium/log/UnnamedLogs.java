package dev.cambium.log;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.log.LogFile;
import dev.cambium.segment.log.LogHeader;
import dev.cambium.segment.manifest.ManifestFile;
import dev.cambium.segment.manifest.ManifestReading;
import dev.cambium.segment.memory.Memory;

/**
 * Log files that a manifest does not name. A log is used only once a forced edit names it, so one with an id that the
 * manifest
 * has not come to yet is either unused, left by an interrupted preparation, or the proof that an edit was lost which
 * had been
 * forced: then what ends the manifest is no torn tail but damage.
 */
final class UnnamedLogs {
    private UnnamedLogs() {}

    /** Throws where a log has been in use whose name was in an edit that is not there. */
    static void check(ZoneFileSystem disk, long manifestId, ManifestReading manifest) {
        for (String name : disk.list()) {
            if (LogFile.idOf(name) >= manifest.state().nextLogId() && hasBeenUsed(disk, name)) {
                throw new CorruptionException(
                        ManifestFile.name(manifestId),
                        manifest.validLength(),
                        "an edit that names " + name + ", which has been in use",
                        manifest.tornTail() ? "an edit that does not hold" : "no more edits");
            }
        }
    }

    /** Whether the START of a log is there. */
    static boolean hasBeenUsed(ZoneFileSystem disk, String name) {
        try (ZoneFile file = disk.openReadOnly(name)) {
            if (file.length() < LogHeader.LENGTH) {
                return false;
            }
            Memory page = Memory.allocate(LogHeader.LENGTH);
            try {
                file.read(0, page, 0, LogHeader.LENGTH);
                return !page.isZero(LogHeader.START_SECTOR, LogHeader.SECTOR_LENGTH);
            } finally {
                page.release();
            }
        }
    }
}
