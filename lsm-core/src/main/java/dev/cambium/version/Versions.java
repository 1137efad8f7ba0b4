package dev.cambium.version;

import dev.cambium.memtable.Memtable;
import java.util.function.Supplier;

/** The current {@link Version}, and how it changes. Changed by the commit leader alone, read by anyone. */
public final class Versions {
    private final Supplier<Memtable> newMemtable;
    private volatile Version current;

    /**
     * @param newMemtable makes an empty memtable; throws {@link dev.cambium.error.MemoryBudgetException} where there is no room
     */
    public Versions(Version first, Supplier<Memtable> newMemtable) {
        this.current = first;
        this.newMemtable = newMemtable;
    }

    public Version current() {
        return current;
    }

    /** Seals the active memtable and puts an empty one in its place. Where that one cannot be made, nothing changes. */
    public void seal() {
        current = current.sealing(newMemtable.get());
    }

    /** Drops the version's references to its memtables; their memory goes when no reader or snapshot has them. */
    public void release() {
        Version last = current;
        last.active().release();
        last.sealed().forEach(Memtable::release);
    }
}
