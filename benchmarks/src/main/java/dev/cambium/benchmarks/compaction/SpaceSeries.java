package dev.cambium.benchmarks.compaction;

import dev.cambium.benchmarks.DiskUse;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** What files took while something was written, moment by moment. For one thread. */
final class SpaceSeries {
    /**
     * A moment.
     *
     * @param diskBytes of files that hold entries, as the directory lists them: also those that a merge has not published yet, or that
     *     nobody has deleted yet
     * @param share of all its data that the store had by then: 1 where they are overwritten
     */
    record Sample(DiskUse use, long diskBytes, double share) {}

    private final List<Sample> samples = new ArrayList<>();

    void add(Sample sample) {
        samples.add(sample);
    }

    int size() {
        return samples.size();
    }

    /** Mean over the second half; NaN where nothing is known. */
    double mean(ToDoubleFunction<Sample> figure) {
        return half().stream()
                .mapToDouble(figure)
                .filter(Double::isFinite)
                .average()
                .orElse(Double.NaN);
    }

    /** The highest: of all where the data were there from the start, else of the second half, for the share of few data is uncertain. */
    double peak(ToDoubleFunction<Sample> figure) {
        boolean isGrowing = !samples.isEmpty() && samples.get(0).share() < 1;
        return (isGrowing ? half() : samples)
                .stream().mapToDouble(figure).filter(Double::isFinite).max().orElse(Double.NaN);
    }

    private List<Sample> half() {
        return samples.subList(samples.size() / 2, samples.size());
    }

    /** Adds means and peaks to what a trial has found, by the bytes that all its data take compacted. */
    void describe(Figures figures, long compactedBytes) {
        both(figures, "space", sample -> sample.use().spaceAmplification());
        both(figures, "files", sample -> sample.use().fileBytes() / (sample.share() * compactedBytes));
        both(figures, "disk", sample -> sample.diskBytes() / (sample.share() * compactedBytes));
    }

    private void both(Figures figures, String name, ToDoubleFunction<Sample> figure) {
        figures.with(name + " mean", mean(figure)).with(name + " peak", peak(figure));
    }
}
