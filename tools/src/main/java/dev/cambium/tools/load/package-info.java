/** Entries from text: lines, and what one says in each format. */
package dev.cambium.tools.load;
