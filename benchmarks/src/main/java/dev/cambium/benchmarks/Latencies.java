package dev.cambium.benchmarks;

/**
 * What a latency histogram comes down to, in nanoseconds.
 *
 * @param median half of the calls took no longer
 * @param p99 99 % took no longer
 * @param p999 99.9 % took no longer
 * @param max the longest
 */
public record Latencies(long median, long p99, long p999, long max) {}
