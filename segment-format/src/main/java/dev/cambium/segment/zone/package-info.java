/**
 * Zones: append-only files of pages. FORMAT.md, section 8.
 *
 * <p>{@link dev.cambium.segment.zone.ZoneWriter} appends; {@link dev.cambium.segment.zone.ZoneReader} reads what is named;
 * {@link dev.cambium.segment.zone.ZoneWalk} goes through everything, for tools and checks. {@link dev.cambium.segment.zone.ZonePages} says
 * where the pages of a sealed zone are, and so where holes may be. Who names zones and pages, and when, is
 * decided elsewhere.
 */
package dev.cambium.segment.zone;
