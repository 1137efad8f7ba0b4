package dev.cambium.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.compaction.RunTree;
import dev.cambium.compaction.TreePages;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.segment.manifest.Stretch;
import dev.cambium.segment.manifest.Stretches;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class LiveRunTest {
    private static byte[] key(String key) {
        return key.getBytes(StandardCharsets.US_ASCII);
    }

    /** From "d" to "s". */
    private static LiveRun run(Stretches merged) {
        ManifestRecord.Run run = new ManifestRecord.Run(7, 0, 0, 0, 1, 1, 1, 1, 100, 0, 1000, key("d"), key("s"));
        return new LiveRun(new RunTree(run, new TreePages(zone -> null, null)), merged, 100, 1, null);
    }

    private static boolean mayHave(LiveRun run, String key) {
        return run.mayHave(key(key), key.length());
    }

    /** The page at its edge may be dead, and the zone of that page deleted, though the key is not in what was merged: a get met that. */
    @Test
    void keysOutsideOfARunThatHasLostSomethingAreNotLookedFor() {
        LiveRun run = run(Stretches.NONE.with(new Stretch(key("c"), key("g"))).with(new Stretch(key("p"), key("t"))));
        for (String absent : List.of("a", "bzz", "c", "d", "fzz", "p", "s", "s0", "t", "zz")) {
            assertFalse(mayHave(run, absent), absent);
        }
        for (String possible : List.of("g", "h", "ozz")) {
            assertTrue(mayHave(run, possible), possible);
        }
        assertTrue(mayHave(run(Stretches.NONE), "a"), "its pages are all there, and the filter is asked");
    }

    @Test
    void whatIsLeftOfAStretchLiesBetweenItsKeys() {
        LiveRun run = run(Stretches.NONE.with(new Stretch(key("f"), key("h"))));
        Stretch own = new Stretch(key("d"), key("s\0"));
        assertEquals(own, run.stretch());
        assertEquals(List.of(new Stretch(key("d"), key("f")), new Stretch(key("h"), own.to())), run.left(Stretch.ALL));
        assertEquals(List.of(new Stretch(key("h"), key("i"))), run.left(new Stretch(key("g"), key("i"))));
        assertEquals(List.of(), run.left(new Stretch(key("a"), key("d"))));
        assertEquals(List.of(), run.left(new Stretch(key("sa"), null)));
        assertEquals(List.of(), run.left(new Stretch(key("f"), key("g"))));
        assertEquals(List.of(), run.with(run.merged().with(Stretch.ALL), 0).left(Stretch.ALL));
    }
}
