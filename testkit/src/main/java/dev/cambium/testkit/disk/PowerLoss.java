package dev.cambium.testkit.disk;

import dev.cambium.testkit.runtime.SeededRandom;
import java.util.List;

/**
 * One power loss deciding, question by question, what of the unforced changes survives.
 *
 * <p>A seeded one first draws how likely sectors, growth and directory entries each are to survive, from never to always: a
 * fair coin for each of a hundred sectors would as good as never keep or lose them all.
 */
final class PowerLoss {
    private static final List<Integer> PERCENTAGES = List.of(0, 10, 50, 90, 100);

    private final CrashOutcome.Survival survival;
    private final SeededRandom random;
    private final int sectorPercent;
    private final int lengthPercent;
    private final int entryPercent;

    PowerLoss(CrashOutcome outcome) {
        survival = outcome.survival();
        random = new SeededRandom(outcome.seed());
        sectorPercent = random.pick(PERCENTAGES);
        lengthPercent = random.pick(PERCENTAGES);
        entryPercent = random.pick(PERCENTAGES);
    }

    /** Which content a sector has: the forced one or one of those written since, the last of which is the newest. */
    byte[] sector(byte[] forced, List<byte[]> since) {
        return switch (survival) {
            case NOTHING_UNFORCED -> forced;
            case EVERYTHING -> since.get(since.size() - 1);
            case SEEDED ->
                !random.chance(sectorPercent)
                        ? forced
                        : random.chance(75) ? since.get(since.size() - 1) : random.pick(since);
        };
    }

    /** As {@link #sector}, for one that the system no longer means to write, since a force of it failed. */
    byte[] givenUpSector(byte[] forced, List<byte[]> since) {
        return survival == CrashOutcome.Survival.SEEDED ? sector(forced, since) : forced;
    }

    /** Whether a block that was punched and not forced is a hole, or has what was forced before. */
    boolean staysPunched() {
        return switch (survival) {
            case NOTHING_UNFORCED -> false;
            case EVERYTHING -> true;
            case SEEDED -> random.chance(sectorPercent);
        };
    }

    /** How long a file is that had a forced length and has grown, or was cut off, since. */
    int length(int forced, int written) {
        return switch (survival) {
            case NOTHING_UNFORCED -> forced;
            case EVERYTHING -> written;
            case SEEDED ->
                written == forced || random.chance(lengthPercent)
                        ? written
                        : random.chance(50)
                                ? forced
                                : random.between(Math.min(forced, written), Math.max(forced, written));
        };
    }

    /** Whether a change of the directory survives. */
    boolean directoryChange() {
        return switch (survival) {
            case NOTHING_UNFORCED -> false;
            case EVERYTHING -> true;
            case SEEDED -> random.chance(entryPercent);
        };
    }
}
