package dev.cambium;

/**
 * A run.
 *
 * @param id of the run
 * @param tier how many times its entries were merged with those of runs like it; -1 for the base
 * @param entries that count, about, tombstones included: what has gone into the base does not
 * @param tombstones of those, about
 * @param bytes of keys and values in it
 * @param partOfBase which part of its keys the base has too, about; of the base 0, and of a run that nobody has looked at yet -1
 */
public record RunStats(long id, int tier, long entries, long tombstones, long bytes, double partOfBase) {
    /** Whether it is the base: one tree of the oldest data. */
    public boolean isBase() {
        return tier < 0;
    }
}
