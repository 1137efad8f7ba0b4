/**
 * The manifest: the list of edits that says which files make up the store, and the superblock that says which manifest counts.
 */
package dev.cambium.segment.manifest;
