/** What a reader sees: the memtables now, the runs later. */
package dev.cambium.version;
