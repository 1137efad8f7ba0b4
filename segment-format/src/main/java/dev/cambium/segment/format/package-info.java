/** What the heads of all files have in common: magic, versions, feature bits, and the seed that binds bytes to a place. */
package dev.cambium.segment.format;
