/**
 * The second implementation of Cambium's promises: a disk that crashes and fails on purpose, and what a store must still hold
 * afterwards.
 *
 * <p>{@code disk} simulates the medium, {@code runtime} time and threads, {@code model} says which contents are right,
 * {@code explore} drives a store through every crash and compares, {@code generate} makes workloads and shrinks the failing
 * ones, {@code reader} reads a closed store's files a second time. The testkit knows the seams of
 * the segment format only, never the store.
 */
package dev.cambium.testkit;
