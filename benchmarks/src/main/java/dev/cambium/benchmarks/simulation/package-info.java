/**
 * A small model of runs, tiers, base tree, zones and cleaner, in which an entry is a number: what a way to compact writes and takes, before it is
 * built.
 */
package dev.cambium.benchmarks.simulation;
