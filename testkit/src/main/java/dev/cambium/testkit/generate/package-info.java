/** Makes workloads by chance, from a seed, and makes the failing ones small. */
package dev.cambium.testkit.generate;
