package dev.cambium.testkit.disk;

/**
 * What a crash leaves of a disk: the kind of crash and, for a power loss, which of the unforced changes survive.
 *
 * @param seed chooses among the outcomes of {@link Survival#SEEDED}, 0 otherwise
 */
public record CrashOutcome(CrashKind kind, Survival survival, long seed) {
    /** Which unforced changes survive a power loss. */
    public enum Survival {
        /** None: the disk holds exactly what was forced. */
        NOTHING_UNFORCED,
        /** Any subset, chosen by a seed. */
        SEEDED,
        /** All that the system still meant to write; what a failed force made it give up is lost. */
        EVERYTHING
    }

    /** The process dies, the machine runs on. */
    public static final CrashOutcome PROCESS_KILL = new CrashOutcome(CrashKind.PROCESS_KILL, Survival.EVERYTHING, 0);

    /** The power fails and nothing unforced survives. */
    public static final CrashOutcome NOTHING_UNFORCED =
            new CrashOutcome(CrashKind.POWER_LOSS, Survival.NOTHING_UNFORCED, 0);

    /** The power fails just after the system has written everything. */
    public static final CrashOutcome EVERYTHING = new CrashOutcome(CrashKind.POWER_LOSS, Survival.EVERYTHING, 0);

    public CrashOutcome {
        if (kind == CrashKind.PROCESS_KILL && survival != Survival.EVERYTHING) {
            throw new IllegalArgumentException("a process's death loses nothing that was written: " + survival);
        }
        if (survival != Survival.SEEDED && seed != 0) {
            throw new IllegalArgumentException("only " + Survival.SEEDED + " takes a seed, not " + survival);
        }
    }

    /** The power fails; a seeded subset of what was not forced survives. */
    public static CrashOutcome powerLoss(long seed) {
        return new CrashOutcome(CrashKind.POWER_LOSS, Survival.SEEDED, seed);
    }

    /** The inverse of {@link #toString}. */
    public static CrashOutcome parse(String text) {
        return switch (text) {
            case "PROCESS_KILL" -> PROCESS_KILL;
            case "NOTHING_UNFORCED" -> NOTHING_UNFORCED;
            case "EVERYTHING" -> EVERYTHING;
            default -> {
                if (!text.startsWith("POWER_LOSS(") || !text.endsWith(")")) {
                    throw new IllegalArgumentException("not the outcome of a crash: " + text);
                }
                yield powerLoss(Long.parseLong(text.substring("POWER_LOSS(".length(), text.length() - 1)));
            }
        };
    }

    @Override
    public String toString() {
        return kind == CrashKind.PROCESS_KILL
                ? kind.name()
                : survival == Survival.SEEDED ? kind + "(" + seed + ")" : survival.name();
    }
}
