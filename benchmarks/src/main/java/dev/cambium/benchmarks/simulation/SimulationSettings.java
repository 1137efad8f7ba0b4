package dev.cambium.benchmarks.simulation;

/**
 * A way to compact.
 *
 * @param tier T: how many runs of a tier are merged into one of the next
 * @param trigger entries of young runs, as a part of those of the base, from which on ranges are merged into the base
 * @param liveThreshold a page that could be linked is copied where less than this part of its zone lives
 * @param streams that pages are appended to: 1 for all, 2 (young, base), 3 (young, base, relocated), 4 (flushed too)
 * @param target space amplification: zone files by live pages
 */
public record SimulationSettings(int tier, double trigger, double liveThreshold, int streams, double target) {
    /** What a store has where values are in leaves (decisions 0011 and 0013). */
    static final SimulationSettings IN_LEAVES = new SimulationSettings(4, 0.13, 0.55, 3, 1.06);

    /** What a store has where values have pages of their own. */
    static final SimulationSettings APART = new SimulationSettings(4, 0.05, 0.55, 3, 1.22);

    SimulationSettings withTier(int newTier) {
        return new SimulationSettings(newTier, trigger, liveThreshold, streams, target);
    }

    SimulationSettings withTrigger(double newTrigger) {
        return new SimulationSettings(tier, newTrigger, liveThreshold, streams, target);
    }

    SimulationSettings withLiveThreshold(double newThreshold) {
        return new SimulationSettings(tier, trigger, newThreshold, streams, target);
    }

    SimulationSettings withStreams(int newStreams) {
        return new SimulationSettings(tier, trigger, liveThreshold, newStreams, target);
    }

    SimulationSettings withTarget(double newTarget) {
        return new SimulationSettings(tier, trigger, liveThreshold, streams, newTarget);
    }
}
