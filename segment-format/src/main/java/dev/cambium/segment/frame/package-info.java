/**
 * Frames: the bytes of pages in memory. {@link dev.cambium.segment.frame.FrameCache} loads each page once, however many threads
 * ask for it, decides what stays, and counts everything in the memory budget; {@link dev.cambium.segment.frame.SlabPool} carves the
 * buffers.
 */
package dev.cambium.segment.frame;
