package dev.cambium.benchmarks.simulation;

/**
 * What a way to compact takes.
 *
 * @param written bytes appended by bytes that users wrote
 * @param relocated of those, by the cleaner
 * @param copied of those, by merges, in the place of links
 * @param files zone files by live pages, on average
 * @param mostFiles the same, at its highest
 * @param data zone files by the entries of the base, on average
 * @param mostData the same, at its highest
 * @param runs young runs that a read has to ask, on average
 * @param mostStep bytes appended for one memtable, by what users wrote of it, at its highest: what back-pressure has to spread
 */
public record SimulationResult(
        double written,
        double relocated,
        double copied,
        double files,
        double mostFiles,
        double data,
        double mostData,
        double runs,
        double mostStep) {}
