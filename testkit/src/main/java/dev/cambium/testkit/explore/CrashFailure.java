package dev.cambium.testkit.explore;

import dev.cambium.testkit.model.WorkloadStep;
import java.util.List;
import java.util.stream.Collectors;

/** A crash that a subject does not survive as promised; says where, in what, and how to see it again. */
public final class CrashFailure extends AssertionError {
    private static final long serialVersionUID = 1;

    private static final int MOST_STEPS_SHOWN = 200;

    private final transient CrashPoint point;

    CrashFailure(long seed, CrashPoint point, String place, List<? extends WorkloadStep> workload, Throwable cause) {
        super(
                "seed " + seed + ", crash at " + point + " (" + place + "): " + cause
                        + "\nto see it again: explorer.replay(workload, CrashPoint.parse(\"" + point + "\")) with seed "
                        + seed + " and the workload\n" + listing(workload),
                cause);
        this.point = point;
    }

    /** Where the process died. */
    public CrashPoint point() {
        return point;
    }

    private static String listing(List<? extends WorkloadStep> workload) {
        return workload.stream()
                .limit(MOST_STEPS_SHOWN)
                .map(step -> "    " + step)
                .collect(Collectors.joining(
                        ",\n", "List.of(\n", workload.size() > MOST_STEPS_SHOWN ? ",\n    …)" : ")"));
    }
}
