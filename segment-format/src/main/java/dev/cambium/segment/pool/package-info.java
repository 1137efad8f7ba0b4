/**
 * All memory outside the heap: {@link dev.cambium.segment.pool.BufferPool}, which is the memory budget, carves buffers out of slabs;
 * {@link dev.cambium.segment.pool.BuddyAllocator} says which part of them is whose; {@link dev.cambium.segment.pool.ReservedVector} is a buffer
 * that grows.
 */
package dev.cambium.segment.pool;
