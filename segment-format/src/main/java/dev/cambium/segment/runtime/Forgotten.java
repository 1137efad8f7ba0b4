package dev.cambium.segment.runtime;

import java.lang.ref.Cleaner;

/** Gives back what belongs to objects that nobody closed, once the collector finds them: one daemon thread for all stores of the process. */
public final class Forgotten {
    public static final Cleaner CLEANER = Cleaner.create();

    private Forgotten() {}
}
