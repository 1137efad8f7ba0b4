/**
 * Which contents of a store are right: the operations of a workload, an ordered map that executes them, and the set of
 * contents a crash may leave.
 */
package dev.cambium.testkit.model;
