/** Who has which part of a block of memory: a buddy allocator, which knows numbers only and no memory. */
package dev.cambium.segment.pool;
