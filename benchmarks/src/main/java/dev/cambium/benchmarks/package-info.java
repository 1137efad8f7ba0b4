/**
 * Cambium and its peers under the same workloads: each run in a JVM of its own, with the class path of one engine.
 *
 * <p>Reading order: {@link dev.cambium.benchmarks.Workload} (what is measured), {@link dev.cambium.benchmarks.Engine}
 * (on what), {@link dev.cambium.benchmarks.WorkloadRun} (how, inside one JVM),
 * {@link dev.cambium.benchmarks.EngineProcess} (that JVM), {@link dev.cambium.benchmarks.Comparison} (rounds over
 * engines), {@link dev.cambium.benchmarks.Report} (the tables).
 */
package dev.cambium.benchmarks;
