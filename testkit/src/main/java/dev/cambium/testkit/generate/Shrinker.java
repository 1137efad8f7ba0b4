package dev.cambium.testkit.generate;

import dev.cambium.testkit.model.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Makes a failing workload small: first leaves out parts of it, ever smaller ones (delta debugging; Zeller, Hildebrandt,
 * 2002), then replaces what is left, one by one, by something simpler, as long as it still fails.
 *
 * <p>The result fails, and no single step of it can be left out or simplified unless the attempts ran out.
 */
public final class Shrinker<T> {
    private final Predicate<List<T>> fails;
    private final Function<T, List<T>> simpler;
    private final int mostAttempts;
    private int attempts;

    /**
     * @param fails runs a workload from scratch and tells whether it shows the failure; deterministic
     * @param simpler gives what a step may be replaced by, simplest first; no chain of replacements comes back
     * @param mostAttempts how often the workload may be run
     */
    public Shrinker(Predicate<List<T>> fails, Function<T, List<T>> simpler, int mostAttempts) {
        this.fails = fails;
        this.simpler = simpler;
        this.mostAttempts = mostAttempts;
    }

    /** A shrinker of operations. */
    public static Shrinker<Operation> ofOperations(Predicate<List<Operation>> fails, int mostAttempts) {
        return new Shrinker<>(fails, SimplerOperations::of, mostAttempts);
    }

    /** Shrinks a workload, which must fail. */
    public List<T> shrink(List<T> failing) {
        attempts = 0;
        if (!fails.test(failing)) {
            throw new IllegalArgumentException("the workload to shrink does not fail");
        }
        List<T> current = List.copyOf(failing);
        for (; ; ) {
            List<T> next = simplify(removeParts(current));
            if (next.equals(current) || attempts >= mostAttempts) {
                return next;
            }
            current = next;
        }
    }

    private List<T> removeParts(List<T> from) {
        List<T> current = from;
        for (int part = Math.max(1, current.size() / 2); ; part = Math.max(1, part / 2)) {
            boolean removed = false;
            for (int start = 0; start < current.size(); ) {
                List<T> without = new ArrayList<>(current.subList(0, start));
                without.addAll(current.subList(Math.min(current.size(), start + part), current.size()));
                if (stillFails(without)) {
                    current = without;
                    removed = true;
                } else {
                    start += part;
                }
            }
            if (part == 1 && !removed) {
                return current;
            }
        }
    }

    private List<T> simplify(List<T> from) {
        List<T> current = new ArrayList<>(from);
        for (int i = 0; i < current.size(); i++) {
            boolean simplified = true;
            while (simplified) {
                simplified = false;
                T original = current.get(i);
                for (T candidate : simpler.apply(original)) {
                    current.set(i, candidate);
                    if (stillFails(current)) {
                        simplified = true;
                        break;
                    }
                    current.set(i, original);
                }
            }
        }
        return List.copyOf(current);
    }

    private boolean stillFails(List<T> workload) {
        return attempts++ < mostAttempts && fails.test(List.copyOf(workload));
    }

    /** A workload as Java, to be pasted into a regression test. */
    public static String toJava(List<?> workload) {
        return workload.stream().map(step -> "        " + step).collect(Collectors.joining(",\n", "List.of(\n", ")"));
    }
}
