package dev.cambium.benchmarks.memory;

import dev.cambium.MemoryStats;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What the system says of full stores beside what they say, in Markdown. */
final class AccountTables {
    private final StringBuilder text = new StringBuilder();
    private final List<Pair> pairs = new ArrayList<>();

    private record Pair(AccountTrial empty, AccountTrial full) {
        long anonymousGrown() {
            return full.anonymousBytes() - empty.anonymousBytes();
        }

        long totalGrown() {
            return full.memory().totalBytes() - empty.memory().totalBytes();
        }

        long givenBack() {
            return full.anonymousBytes() - full.closedBytes();
        }
    }

    /** Adds a row: two stores with the same budget. */
    void add(AccountTrial empty, AccountTrial full) {
        pairs.add(new Pair(empty, full));
    }

    /** All rows, below what was done. */
    String markdown(int heapMib, long warmUpBytes) {
        add("""
                What the system says: stores of %d-byte values under random keys, half as much again as the budget, read at random \
                until the memory was full, beside stores that are empty, each open in a JVM of its own with a heap of %d MiB that was \
                touched beforehand, and without the JVM's second compiler, whose own memory is tens of MiB and never the same. For the sake \
                of compiled code, each of these JVMs, those of the empty stores too, has filled, \
                read and closed another store first: %d MiB of data with a budget of 16 MiB. Before RssAnon is read, the C library \
                gives back what was freed to it (jcmd's System.trim_native_heap). Grown: the full one's less the empty one's. Given \
                back: what RssAnon was less when the full store had been closed, in the same JVM: the surer figure of the two, for \
                two JVMs differ by some MiB of their own. MiB.

                """, Entries.VALUE_BYTES, heapMib, warmUpBytes >> 20);
        add("| budget | RssAnon, empty | RssAnon, full | RssAnon, grown | stats, empty | stats, full | stats, grown "
                + "| RssAnon / stats, grown | given back | given back / stats, full |%n");
        add("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |%n");
        for (Pair pair : pairs) {
            MemoryStats full = pair.full().memory();
            add(
                    "| %d | %s | %s | %s | %s | %s | %s | %.3f | %s | %.3f |%n",
                    full.budgetBytes() >> 20,
                    mib(pair.empty().anonymousBytes()),
                    mib(pair.full().anonymousBytes()),
                    mib(pair.anonymousGrown()),
                    mib(pair.empty().memory().totalBytes()),
                    mib(full.totalBytes()),
                    mib(pair.totalGrown()),
                    pair.anonymousGrown() / (double) pair.totalGrown(),
                    mib(pair.givenBack()),
                    pair.givenBack() / (double) full.totalBytes());
        }
        add("%nWhat the full ones say of themselves, MiB: the parts, from memtables on, add up to the total%n%n");
        add("| budget | total | memtables | pages | key pages | filters | write buffers | read buffers | free |%n");
        add("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |%n");
        for (Pair pair : pairs) {
            MemoryStats full = pair.full().memory();
            add(
                    "| %d | %s | %s | %s | %s | %s | %s | %s | %s |%n",
                    full.budgetBytes() >> 20,
                    mib(full.totalBytes()),
                    mib(full.memtableBytes()),
                    mib(full.pageBytes()),
                    mib(full.keyPageBytes()),
                    mib(full.filterBytes()),
                    mib(full.writeBufferBytes()),
                    mib(full.readBufferBytes()),
                    mib(full.freeBytes()));
        }
        return text.toString();
    }

    private void add(String format, Object... arguments) {
        text.append(String.format(Locale.ROOT, format, arguments));
    }

    private static String mib(long bytes) {
        return String.format(Locale.ROOT, "%.1f", bytes / (double) (1 << 20));
    }
}
