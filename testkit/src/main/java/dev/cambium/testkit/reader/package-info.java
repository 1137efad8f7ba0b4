/** Reads the files of a closed store from {@code docs/FORMAT.md} alone, so that what the product wrote has a second witness. */
package dev.cambium.testkit.reader;
