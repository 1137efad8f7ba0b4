/** The seams to time, chance and threads, so that a test can own all three. */
package dev.cambium.segment.runtime;
