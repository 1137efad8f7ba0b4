/** Drives a subject through every crash that its operations on the disk allow, and has it check what is left. */
package dev.cambium.testkit.explore;
