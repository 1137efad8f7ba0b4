/**
 * Frames: pages in memory that may be evicted. {@link dev.cambium.segment.frame.FrameCache} loads each page once, however many threads ask for
 * it, and decides what stays, in what nothing else takes of the {@linkplain dev.cambium.segment.pool.BufferPool pool}.
 */
package dev.cambium.segment.frame;
