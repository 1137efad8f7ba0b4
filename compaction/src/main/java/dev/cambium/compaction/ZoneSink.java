package dev.cambium.compaction;

import dev.cambium.segment.zone.ZoneWriter;

/** Where pages are appended. Which zone that is, and when a new one begins, is the store's affair. */
public interface ZoneSink {
    /** The writer that takes the next page: one with room for a raw page of this length. */
    ZoneWriter writerFor(int rawLength);
}
