package dev.cambium.testkit.model;

/** One operation of a workload, as far as its promise goes. */
public interface WorkloadStep {
    /** What the step's own change promises; {@link Durability#NONE} where it changes nothing. */
    Durability durability();

    /** Whether all that was written before survives everything once the step has returned: a flush, a clean close. */
    boolean makesAllDurable();
}
