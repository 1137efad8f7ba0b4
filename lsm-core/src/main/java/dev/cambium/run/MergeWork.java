package dev.cambium.run;

import dev.cambium.compaction.PageChanges;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.Stretch;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A merge that is under way, done in steps so that what is more urgent can come between. Names nothing. For one thread. */
interface MergeWork extends AutoCloseable {
    /**
     * What a merge comes to.
     *
     * @param inputs that are no more, newest first
     * @param run that is there for them; null where nothing was left
     * @param merged what of other runs counts no more
     * @param left of those, how many entries still count
     */
    record Result(
            List<LiveRun> inputs,
            ManifestRecord.Run run,
            Map<LiveRun, List<Stretch>> merged,
            Map<LiveRun, Long> left) {}

    /** Merges about so many bytes more; returns whether there is more to do. */
    boolean step(long bytes);

    /** Bytes of keys and values merged so far. */
    long bytesDone();

    /** Of {@link #bytesDone}, those in pages that became part of the new run as they are. */
    long bytesLinked();

    /** Of {@link #bytesDone}, those in pages that were copied as they are stored. */
    long bytesCopied();

    /** Linking takes so many times less than writing; see {@link #workBytes}. */
    long LINKED_OF_WRITTEN = 32;

    /** How much has been done so far, in bytes of pages whose writing takes as long, about. */
    long workBytes();

    /** Bytes of pages written so far. */
    long appendedBytes();

    /** Zones in which it has pages so far, which nothing names yet. */
    Set<Integer> zonesBegun();

    /** Which pages it adds, and takes away; all of them once it is finished. */
    PageChanges changes();

    /** Writes the rest; null where nothing has changed. */
    Result finish();

    /** After a step that threw for a damaged page: the stretch of the base that is to be left alone, or null where {@link #stuckInputs} are. */
    Stretch stuckStretch();

    /** After a step that threw for a damaged page: the input that has it; all of them where that is not known. */
    List<LiveRun> stuckInputs();

    @Override
    void close();
}
