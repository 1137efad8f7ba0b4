/**
 * Pages: what their bytes mean, how they are built, sealed, opened and searched. FORMAT.md, section 9.
 *
 * <p>A page on disk is a header and a payload, compressed or not; {@link dev.cambium.segment.page.PageSealer} makes it from a
 * <em>raw page</em> (header's place, then the payload as it is) and {@link dev.cambium.segment.page.PageOpener} turns it back,
 * every checksum verified first. {@link dev.cambium.segment.page.LeafPage} and its siblings are views of raw pages; a builder
 * for each collects entries until the next one would not fit.
 */
package dev.cambium.segment.page;
