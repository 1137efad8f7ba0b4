/**
 * The only door to the disk. {@link dev.cambium.segment.disk.ZoneFileSystem} and {@link dev.cambium.segment.disk.ZoneFile}
 * are the seam: one implementation is the real directory, the testkit has one that crashes and one that fails.
 */
package dev.cambium.segment.disk;
