/**
 * A second reader of a store's files, written from docs/FORMAT.md: shows what stands there, also where it does not
 * hold. Takes no lock and changes nothing. {@link dev.cambium.tools.dump.Part} is what a reader shows, a {@link
 * dev.cambium.tools.dump.PartWriter} says how.
 */
package dev.cambium.tools.dump;
