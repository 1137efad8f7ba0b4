/** How Cambium's pages and files behave on a disk: sizes of pages, ways to read, with and without the system's page cache. */
package dev.cambium.benchmarks.storage;
