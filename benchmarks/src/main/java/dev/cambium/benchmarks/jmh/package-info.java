/**
 * JMH benchmarks of the parts: the memtable's tree beside a {@link java.util.concurrent.ConcurrentSkipListMap},
 * snapshots, gets, frames, runs.
 *
 * <p>A method named {@code skipList} is what the other methods of its class are compared with, see
 * {@link dev.cambium.benchmarks.jmh.JmhCommand}.
 */
package dev.cambium.benchmarks.jmh;
