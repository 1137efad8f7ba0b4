package dev.cambium.benchmarks.compaction;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.benchmarks.simulation.SimulationResult;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class WriteLoadTest {
    private static final int ENTRIES = 10_000;

    @ParameterizedTest
    @EnumSource
    void theLoadPutsEveryEntryOnceAndRoundsPutAsMany(WriteLoad load) {
        int[] sorted = load.load(ENTRIES);
        Arrays.sort(sorted);
        assertArrayEquals(IntStream.range(0, ENTRIES).toArray(), sorted);
        if (load.isOverwrite()) {
            int[] round = load.round(ENTRIES, 0);
            assertEquals(ENTRIES, round.length);
            assertTrue(Arrays.stream(round).allMatch(entry -> entry >= 0 && entry < ENTRIES));
            assertArrayEquals(round, load.round(ENTRIES, 0));
            assertFalse(Arrays.equals(round, load.round(ENTRIES, 1)));
        }
    }

    @Test
    void theHotTenthIsNeighboursAndHotEntriesStayHot() {
        int[] hot = IntStream.range(0, 3)
                .flatMap(round -> Arrays.stream(WriteLoad.HOT_RANGE.round(ENTRIES, round)))
                .sorted()
                .distinct()
                .toArray();
        assertTrue(hot[hot.length - 1] - hot[0] < ENTRIES / 10);
        assertEquals(mostFrequent(WriteLoad.ZIPFIAN_APART, 0), mostFrequent(WriteLoad.ZIPFIAN_APART, 1));
    }

    private static int mostFrequent(WriteLoad load, int round) {
        int[] counts = new int[ENTRIES];
        Arrays.stream(load.round(ENTRIES, round)).forEach(entry -> counts[entry]++);
        return IntStream.range(0, ENTRIES)
                .reduce((a, b) -> counts[a] >= counts[b] ? a : b)
                .orElseThrow();
    }

    /** As decision 0011 says; inserts at random it has not looked at, and there the model misses. */
    @ParameterizedTest
    @EnumSource
    void theModelStaysBelowTheGoals(WriteLoad load) {
        SimulationResult model = load.predict(50_000, 100, 2);
        assertTrue(model.written() >= 1, load + ": " + model);
        assertTrue(model.written() <= (load == WriteLoad.INSERTS_APART ? 1.4 : load.goal()), load + ": " + model);
        assertTrue(!load.isOverwrite() || model.mostData() < 1.4, load + ": " + model);
    }
}
