package dev.cambium.benchmarks.compaction;

import dev.cambium.benchmarks.EngineOpener;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The JVM in which one trial runs; it prints what was found as lines of standard output. */
public final class CompactionProcess {
    private CompactionProcess() {}

    static List<String> arguments(
            CompactionPart part, Candidate candidate, Path directory, int quietMillis, List<String> more) {
        List<String> arguments = new ArrayList<>(List.of(
                part.name(),
                candidate.engine().opener(),
                Boolean.toString(candidate.isUniversal()),
                directory.toString(),
                Integer.toString(quietMillis)));
        arguments.addAll(more);
        return arguments;
    }

    public static void main(String[] arguments) throws ReflectiveOperationException {
        EngineOpener opener =
                (EngineOpener) Class.forName(arguments[1]).getConstructor().newInstance();
        TrialSite site = new TrialSite(
                opener,
                Boolean.parseBoolean(arguments[2]),
                Path.of(arguments[3]),
                Integer.parseInt(arguments[4]),
                Arrays.asList(arguments).subList(5, arguments.length));
        System.out.print(CompactionPart.valueOf(arguments[0]).trial(site).toLines());
        System.out.flush();
        System.exit(0); // whatever threads an engine has left
    }
}
