package dev.cambium.version;

import dev.cambium.memtable.Memtable;
import dev.cambium.run.HeldZones;
import dev.cambium.run.LiveRun;
import java.util.Map;
import java.util.function.LongFunction;

/**
 * The current {@link Version}, and how it changes. The commit leader seals, the background lays down and merges; their changes exclude
 * each other. Read by anyone, without a lock.
 */
public final class Versions {
    private final LongFunction<Memtable> newMemtable;
    private final Gaps gaps;
    private volatile Version current;

    /**
     * @param newMemtable makes an empty memtable that begins in a log; throws {@link dev.cambium.error.MemoryBudgetException} where
     *     there is no room
     * @param memtableBytes of a full one
     */
    public Versions(Version first, LongFunction<Memtable> newMemtable, long memtableBytes) {
        this.gaps = new Gaps(memtableBytes);
        this.current = first;
        this.newMemtable = newMemtable;
    }

    public Version current() {
        return current;
    }

    /** Where nothing lives but tombstones, in the latest version. */
    public Gaps gaps() {
        return gaps;
    }

    /**
     * Seals the active memtable and puts an empty one in its place. Where that one cannot be made, nothing changes.
     *
     * @param log that the next record goes to, or an earlier one
     */
    public void seal(long log) {
        Memtable next = newMemtable.apply(log);
        synchronized (this) {
            current = current.sealing(next);
        }
    }

    /** Puts another empty memtable in the place of the active one, which is empty: its memory may go. */
    public void replaceActive() {
        Memtable before = current.active();
        assert before.arena().filledBytes() == 0 : "what was written would be lost";
        Memtable next = newMemtable.apply(before.firstLog());
        synchronized (this) {
            current = current.replacingActive(next);
        }
        before.release();
    }

    /** Puts a run in the place of the oldest sealed memtable, which it takes the version's reference of; null where nothing was left. */
    public void install(Memtable flushed, LiveRun run, HeldZones zones) {
        HeldZones before = current.zones();
        synchronized (this) {
            current = current.flushing(flushed, run, zones);
        }
        flushed.release();
        before.release();
    }

    /**
     * Puts runs in the place of others.
     *
     * @param replacements runs of the version, each with what takes its place and its reference, or null
     * @param zones of the new version, which it takes over
     */
    public void install(Map<LiveRun, LiveRun> replacements, HeldZones zones) {
        HeldZones before = current.zones();
        synchronized (this) {
            current = current.merging(replacements, zones);
        }
        replacements.keySet().forEach(LiveRun::release);
        before.release();
    }

    /** Drops the version's references; the memory goes when no reader or snapshot has them. */
    public void release() {
        Version last = current;
        last.active().release();
        last.sealed().forEach(Memtable::release);
        last.runs().forEach(LiveRun::release);
        last.zones().release();
    }
}
