package dev.cambium.benchmarks;

import java.nio.file.Path;
import java.util.List;

/**
 * The JVM in which an engine runs: does one {@link Task} and prints its measurement as a line of standard output. Its
 * class path holds this module's classes and one engine.
 */
public final class EngineProcess {
    private EngineProcess() {}

    /** What such a process is for. */
    enum Task {
        /** A whole run. */
        RUN,
        /** Fills a store and halts, as if killed. */
        FILL_AND_HALT,
        /** Fills a store and closes it. */
        FILL_AND_CLOSE,
        /** Opens what was left. */
        REOPEN
    }

    static List<String> arguments(Task task, String opener, WorkloadPlan plan, Path directory) {
        return List.of(
                task.name(),
                opener,
                plan.workload().name(),
                Integer.toString(plan.entries()),
                Integer.toString(plan.valueLength()),
                Long.toString(plan.memoryBytes()),
                Long.toString(plan.seed()),
                directory.toString());
    }

    public static void main(String[] arguments) throws ReflectiveOperationException {
        EngineOpener opener =
                (EngineOpener) Class.forName(arguments[1]).getConstructor().newInstance();
        WorkloadPlan plan = new WorkloadPlan(
                Workload.valueOf(arguments[2]),
                Integer.parseInt(arguments[3]),
                Integer.parseInt(arguments[4]),
                Long.parseLong(arguments[5]),
                Long.parseLong(arguments[6]));
        Path directory = Path.of(arguments[7]);
        WorkloadRun run = new WorkloadRun(opener, plan);
        switch (Task.valueOf(arguments[0])) {
            case RUN -> System.out.println(run.run(directory).toLine());
            case FILL_AND_HALT -> {
                run.fillForReplay(directory);
                Runtime.getRuntime().halt(0); // no close, no shutdown hook, no finalizer
            }
            case FILL_AND_CLOSE -> run.fillAndClose(directory);
            case REOPEN -> System.out.println(run.reopen(directory).toLine());
        }
        System.out.flush();
        System.exit(0); // whatever threads an engine has left
    }
}
