package dev.cambium.segment.log;

import dev.cambium.error.CorruptionException;

/**
 * What the end of a log means: whether all that was promised is there.
 *
 * <p>A pure function of what a {@link LogScan} found. Immutable.
 *
 * @param verdict the answer
 * @param reason for people
 * @param end position behind the last record that counts
 * @param setAside valid records behind the end that do not count
 */
public record LogTail(Verdict verdict, String reason, long end, int setAside) {
    /*
     * The rule, in this order:
     *  1. end < evidence: bytes that were forced are not there. A forced byte stays, so they were damaged.
     *  2. two damaged slots, or one after a clean close: no crash leaves that, and evidence may be gone with them.
     *  3. a later valid record in a log of the running boot: the page cache still holds all that was written, so what stands
     *     before a record that was written whole has been written whole too, and was damaged since.
     *  4. else what stands behind the end was never forced: power failed, or the process died in the middle of a record.
     */

    /** What a recovery may do. */
    public enum Verdict {
        /** The log ends where its last record ends. */
        WHOLE,
        /** Unforced records behind a gap are lost; those of them that are still there are set aside and counted. */
        TORN,
        /** Promised bytes are not there: recovery must stop and report. */
        DAMAGED
    }

    /**
     * Judges the end of a log.
     *
     * @param end position behind the last valid record
     * @param evidence the greatest position known to be forced: by slots, records, the next log, the manifest
     * @param ofRunningBoot whether the log was written in the running boot, {@link LogStart#isOfBoot}
     * @param closedCleanly whether the writer closed the store, so that nothing may be missing or torn
     * @param damagedSlots of the two slots in the header
     * @param laterRecords valid records behind the end
     */
    public static LogTail judge(
            long end, long evidence, boolean ofRunningBoot, boolean closedCleanly, int damagedSlots, int laterRecords) {
        if (end < evidence) {
            return damaged(end, laterRecords, "records up to position " + evidence + ", which was forced");
        }
        if (damagedSlots > (closedCleanly ? 0 : 1)) {
            return damaged(
                    end,
                    laterRecords,
                    closedCleanly ? "two forced-through slots that hold" : "a forced-through slot that holds");
        }
        if (laterRecords > 0 && (ofRunningBoot || closedCleanly)) {
            return damaged(end, laterRecords, "a record before the later valid ones of the same boot");
        }
        return laterRecords == 0
                ? new LogTail(Verdict.WHOLE, "the log ends at position " + end, end, 0)
                : new LogTail(
                        Verdict.TORN,
                        "the log ends at position " + end + "; " + laterRecords
                                + " unforced records behind a gap are set aside",
                        end,
                        laterRecords);
    }

    private static LogTail damaged(long end, int laterRecords, String expected) {
        return new LogTail(Verdict.DAMAGED, expected, end, laterRecords);
    }

    /**
     * Returns this, or throws where the verdict is {@link Verdict#DAMAGED}.
     *
     * @param file name of the log
     * @param fileOffset where in the file the log ends
     */
    public LogTail orThrow(String file, long fileOffset) {
        if (verdict == Verdict.DAMAGED) {
            throw new CorruptionException(
                    file, fileOffset, reason, "none (" + setAside + " valid records follow later)");
        }
        return this;
    }
}
