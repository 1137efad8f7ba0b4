package dev.cambium.benchmarks.compaction;

import dev.cambium.benchmarks.Contender;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** An engine with a way to compact. The lower-case name, with a hyphen, is what users write. */
enum Candidate {
    CAMBIUM("Cambium", Contender.CAMBIUM, false),
    ROCKSDB_LEVELED("RocksDB, leveled", Contender.ROCKSDB, false),
    ROCKSDB_UNIVERSAL("RocksDB, universal", Contender.ROCKSDB, true);

    /** Those that are compared where bytes are not what is asked for. */
    static final List<Candidate> USUAL = List.of(CAMBIUM, ROCKSDB_LEVELED);

    private final String title;
    private final Contender engine;
    private final boolean universal;

    Candidate(String title, Contender engine, boolean universal) {
        this.title = title;
        this.engine = engine;
        this.universal = universal;
    }

    /** The name in tables. */
    String title() {
        return title;
    }

    Contender engine() {
        return engine;
    }

    /** Whether it merges whole sorted runs in the place of levels. */
    boolean isUniversal() {
        return universal;
    }

    private String userName() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Those that a list with commas names.
     *
     * @throws IllegalArgumentException with the names that there are
     */
    static List<Candidate> named(String names) {
        return Arrays.stream(names.split(","))
                .map(name -> Arrays.stream(values())
                        .filter(candidate -> candidate.userName().equals(name))
                        .findFirst()
                        .orElseThrow(() -> new IllegalArgumentException("there is no engine '" + name + "'; there are "
                                + Arrays.stream(values())
                                        .map(Candidate::userName)
                                        .collect(Collectors.joining(", ")))))
                .toList();
    }
}
