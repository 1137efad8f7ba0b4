package dev.cambium.benchmarks.compaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.benchmarks.DiskUse;
import org.junit.jupiter.api.Test;

class SpaceSeriesTest {
    private final SpaceSeries series = new SpaceSeries();

    private void add(long fileBytes, long liveBytes, double share) {
        series.add(new SpaceSeries.Sample(new DiskUse(0, 0, fileBytes, liveBytes), 2 * fileBytes, share));
    }

    @Test
    void meansAreOfTheSecondHalfAndPeaksOfAll() {
        add(300, 100, 1);
        add(120, 100, 1);
        add(110, 100, 1);
        add(130, 100, 1);
        Figures figures = new Figures();
        series.describe(figures, 50);
        assertEquals(1.2, figures.get("space mean"), 1e-9);
        assertEquals(3, figures.get("space peak"), 1e-9);
        assertEquals(2.4, figures.get("files mean"), 1e-9);
        assertEquals(6, figures.get("files peak"), 1e-9);
        assertEquals(4.8, figures.get("disk mean"), 1e-9);
        assertEquals(12, figures.get("disk peak"), 1e-9);
    }

    @Test
    void whatGrowsIsComparedWithTheShareThatIsThere() {
        add(0, 0, 0);
        add(80, 20, 0.2);
        add(60, 50, 0.5);
        add(110, 100, 1);
        Figures figures = new Figures();
        series.describe(figures, 100);
        assertEquals(1.15, figures.get("files mean"), 1e-9);
        assertEquals(1.2, figures.get("files peak"), 1e-9); // the first half is no evidence
        assertEquals(1.2, figures.get("space peak"), 1e-9);
    }

    @Test
    void amplificationIsOfWhatWasWrittenInBetween() {
        DiskUse before = new DiskUse(100, 50, 0, 0);
        assertEquals(3, new DiskUse(200, 250, 0, 0).writeAmplificationSince(before));
        assertTrue(Double.isNaN(before.writeAmplificationSince(before)));
        assertTrue(Double.isNaN(before.spaceAmplification()));
    }

    @Test
    void figuresGoThroughTextBetweenLinesOfOthers() {
        Figures figures = new Figures()
                .by("engine, of some version")
                .with("a figure", 0.1)
                .with("none", Double.NaN);
        Figures parsed = Figures.parse(
                ("a warning\n" + figures.toLines() + "another").lines().toList());
        assertEquals(0.1, parsed.get("a figure"));
        assertTrue(Double.isNaN(parsed.get("none")));
        assertEquals("engine, of some version", parsed.engine());
    }
}
