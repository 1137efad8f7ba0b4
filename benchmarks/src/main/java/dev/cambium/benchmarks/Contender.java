package dev.cambium.benchmarks;

import java.util.List;
import java.util.Locale;

/**
 * An engine as the comparison sees it: by name, without any of its classes. The lower-case name is what users write.
 */
public enum Contender {
    CAMBIUM("Cambium", "dev.cambium.benchmarks.CambiumEngine$Opener", List.of()),
    ROCKSDB("RocksDB", "dev.cambium.benchmarks.rocksdb.RocksDbEngine$Opener", List.of()),
    LMDB(
            "LMDB",
            "dev.cambium.benchmarks.lmdb.LmdbEngine$Opener",
            List.of(
                    "--add-opens=java.base/java.nio=ALL-UNNAMED",
                    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
                    "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED"));

    private final String title;
    private final String opener;
    private final List<String> jvmFlags;

    Contender(String title, String opener, List<String> jvmFlags) {
        this.title = title;
        this.opener = opener;
        this.jvmFlags = jvmFlags;
    }

    /** The name in tables. */
    public String title() {
        return title;
    }

    /** Name of its {@link EngineOpener}. */
    public String opener() {
        return opener;
    }

    /** Flags without which it does not start. */
    List<String> jvmFlags() {
        return jvmFlags;
    }

    /** The class path of its process: a system property that {@code benchmarks/run} sets, else this process's own. */
    String classPath() {
        return System.getProperty(classPathProperty(), System.getProperty("java.class.path"));
    }

    /** Whether {@code benchmarks/run} has set its class path. */
    public boolean isPrepared() {
        return System.getProperty(classPathProperty()) != null;
    }

    private String classPathProperty() {
        return "cambium.benchmarks.classPath." + lowerName();
    }

    public String lowerName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The engine of that name, or null. */
    public static Contender named(String name) {
        for (Contender contender : values()) {
            if (contender.lowerName().equals(name)) {
                return contender;
            }
        }
        return null;
    }
}
