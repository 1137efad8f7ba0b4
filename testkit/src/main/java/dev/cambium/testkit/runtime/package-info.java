/** Time, chance and threads that a test owns, behind the seams of {@code dev.cambium.segment.runtime}. */
package dev.cambium.testkit.runtime;
