package dev.cambium.compaction;

import dev.cambium.segment.page.Aggregation;

/**
 * A page of a tree as its parent is to know it.
 *
 * @param low the separator before it; not above any of its keys
 * @param held what its subtree holds; not to be changed
 */
public record Child(byte[] low, long pointer, int payloadCrc, Aggregation held) {}
