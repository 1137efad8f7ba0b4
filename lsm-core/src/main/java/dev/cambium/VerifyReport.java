package dev.cambium;

import java.util.List;

/**
 * What {@link Store#verify} found.
 *
 * @param findings damaged places; empty where the store is sound
 * @param files read
 * @param bytes read
 * @param batches that hold
 * @param runs named by the manifest
 * @param pages intact ones in zones
 * @param entries found in runs, tombstones included
 * @param cleanClose whether the last writer closed the store
 */
public record VerifyReport(
        List<Finding> findings,
        int files,
        long bytes,
        long batches,
        int runs,
        long pages,
        long entries,
        boolean cleanClose) {
    /**
     * One damaged place.
     *
     * @param file its name
     * @param offset bytes from the start of the file
     * @param problem what was expected and what was found
     */
    public record Finding(String file, long offset, String problem) {}

    public VerifyReport {
        findings = List.copyOf(findings);
    }

    public boolean isSound() {
        return findings.isEmpty();
    }
}
