package dev.cambium.benchmarks.memory;

import dev.cambium.benchmarks.Contender;
import dev.cambium.benchmarks.Directories;
import dev.cambium.benchmarks.EngineFailedException;
import dev.cambium.benchmarks.EngineJvm;
import dev.cambium.benchmarks.ProcessCounters;
import dev.cambium.benchmarks.TableOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What {@code benchmarks/run memory} starts: what the system says of a process with a full store, beside what the store says; and gets with
 * pools of several sizes, beside RocksDB. Exit code 0, 1 where a run failed, 2 for a wrong command line.
 */
public final class MemoryCommand {
    private static final int HEAP_MIB = 512;
    private static final String FIRST_COMPILER = "-XX:TieredStopAtLevel=1";
    private static final long WARM_UP_BYTES = 24L << 20;

    private final boolean quick;
    private final Path directory;
    private final EngineJvm jvm = new EngineJvm();
    private final StringBuilder report = new StringBuilder();

    private MemoryCommand(boolean quick, Path directory) {
        this.quick = quick;
        this.directory = directory;
    }

    public static void main(String[] arguments) throws IOException {
        System.exit(run(arguments));
    }

    static int run(String... arguments) throws IOException {
        Optional<TableOptions> options = TableOptions.parse("memory", Set.of(), arguments);
        if (options.isEmpty()) {
            return 2;
        }
        try {
            options.get()
                    .publish(new MemoryCommand(
                                    options.get().quick(), options.get().directory())
                            .run());
            return 0;
        } catch (EngineFailedException e) {
            System.err.println("benchmarks/run: a run failed: " + e.getMessage());
            return 1;
        }
    }

    private String run() throws IOException {
        Thread cleanUp = new Thread(() -> {
            jvm.end();
            Directories.delete(directory);
        });
        Runtime.getRuntime().addShutdownHook(cleanUp);
        Directories.delete(directory);
        try {
            if (ProcessCounters.areKnown()) {
                account();
            } else {
                report.append("What the system says of a process's memory is only known on Linux.\n");
            }
            pools();
        } finally {
            Directories.delete(directory);
            Runtime.getRuntime().removeShutdownHook(cleanUp);
        }
        return report.toString();
    }

    private void account() throws IOException {
        AccountTables tables = new AccountTables();
        for (int mib : quick ? new int[] {64} : new int[] {64, 256, 1024}) {
            long budget = (long) mib << 20;
            say("budget of %d MiB, empty", mib);
            AccountTrial empty = account(budget, 0);
            say("budget of %d MiB, full", mib);
            tables.add(empty, account(budget, budget * 3 / 2));
        }
        report.append(tables.markdown(HEAP_MIB, WARM_UP_BYTES));
    }

    private AccountTrial account(long budgetBytes, long dataBytes) throws IOException {
        List<String> lines = start(
                Contender.CAMBIUM,
                budgetBytes,
                MemoryProcess.account(directory.resolve("account"), budgetBytes, WARM_UP_BYTES, dataBytes),
                FIRST_COMPILER);
        Directories.delete(directory);
        return lines.stream()
                .filter(AccountTrial::isLine)
                .map(AccountTrial::parse)
                .findFirst()
                .orElseThrow(() -> new EngineFailedException("it printed no figures"));
    }

    private void pools() throws IOException {
        int rounds = quick ? 1 : 3;
        long data = (quick ? 32L : 256L) << 20;
        long least = quick ? data / 2 : data / 8;
        int entries = Entries.count(data);
        int gets = quick ? 20_000 : entries;
        PoolTable table = new PoolTable(data, gets, rounds);
        List<Contender> engines = Contender.ROCKSDB.isPrepared()
                ? List.of(Contender.CAMBIUM, Contender.ROCKSDB)
                : List.of(Contender.CAMBIUM);
        for (Contender engine : engines) {
            say("%s: fill", engine.title());
            start(engine, data, MemoryProcess.fill(data(engine), engine.opener(), data, entries));
        }
        for (int round = 1; round <= rounds; round++) {
            for (long pool = least; pool <= 2 * data; pool *= 2) {
                for (Contender engine : engines) {
                    say("%s: round %d, pool of %d MiB", engine.title(), round, pool >> 20);
                    for (String line : start(
                            engine, pool, MemoryProcess.read(data(engine), engine.opener(), pool, entries, gets))) {
                        if (PoolTrial.isLine(line)) {
                            table.add(pool, engine, PoolTrial.parse(line));
                        }
                    }
                }
            }
        }
        report.append(table.markdown());
    }

    private Path data(Contender engine) {
        return directory.resolve(engine.lowerName());
    }

    private List<String> start(Contender engine, long memoryBytes, List<String> arguments, String... moreFlags)
            throws IOException {
        List<String> flags = new ArrayList<>(List.of(
                "-Xms" + HEAP_MIB + "m",
                "-Xmx" + HEAP_MIB + "m",
                "-XX:+AlwaysPreTouch",
                "-XX:MaxDirectMemorySize=" + ((memoryBytes >> 20) + 1024) + "m"));
        flags.addAll(List.of(moreFlags));
        return jvm.run(engine, flags, directory.resolve("temporary"), MemoryProcess.class, arguments);
    }

    private static void say(String format, Object... arguments) {
        System.err.println("memory: " + String.format(Locale.ROOT, format, arguments));
    }
}
