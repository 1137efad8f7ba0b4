package dev.cambium.benchmarks.memory;

import dev.cambium.benchmarks.EngineOpener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The JVM in which one trial runs; it prints what was found as lines of standard output. */
public final class MemoryProcess {
    private MemoryProcess() {}

    /** What such a process is for. */
    private enum Task {
        ACCOUNT,
        FILL,
        READ
    }

    static List<String> account(Path directory, long budgetBytes, long warmUpBytes, long dataBytes) {
        return List.of(
                Task.ACCOUNT.name(),
                directory.toString(),
                Long.toString(budgetBytes),
                Long.toString(warmUpBytes),
                Long.toString(dataBytes));
    }

    static List<String> fill(Path directory, String opener, long memoryBytes, int entries) {
        return pool(Task.FILL, directory, opener, memoryBytes, entries, 0);
    }

    static List<String> read(Path directory, String opener, long memoryBytes, int entries, int gets) {
        return pool(Task.READ, directory, opener, memoryBytes, entries, gets);
    }

    private static List<String> pool(
            Task task, Path directory, String opener, long memoryBytes, int entries, int gets) {
        return List.of(
                task.name(),
                directory.toString(),
                opener,
                Long.toString(memoryBytes),
                Integer.toString(entries),
                Integer.toString(gets));
    }

    public static void main(String[] arguments) throws IOException, ReflectiveOperationException {
        Path directory = Path.of(arguments[1]);
        switch (Task.valueOf(arguments[0])) {
            case ACCOUNT ->
                System.out.println(AccountTrial.run(
                                directory,
                                Long.parseLong(arguments[2]),
                                Long.parseLong(arguments[3]),
                                Long.parseLong(arguments[4]))
                        .toLine());
            case FILL ->
                PoolTrial.fill(
                        opener(arguments[2]), directory, Long.parseLong(arguments[3]), Integer.parseInt(arguments[4]));
            case READ ->
                PoolTrial.run(
                        opener(arguments[2]),
                        directory,
                        Long.parseLong(arguments[3]),
                        Integer.parseInt(arguments[4]),
                        Integer.parseInt(arguments[5]),
                        trial -> System.out.println(trial.toLine()));
        }
        System.out.flush();
        System.exit(0); // whatever threads an engine has left
    }

    private static EngineOpener opener(String name) throws ReflectiveOperationException {
        return (EngineOpener) Class.forName(name).getConstructor().newInstance();
    }
}
