package dev.cambium.version;

import dev.cambium.compaction.SortedCursor;
import dev.cambium.epoch.ReadEpochs;
import dev.cambium.error.StoreException;
import dev.cambium.memtable.Memtable;

/** Walks over tombstones where the writer has asked for it, so that cursors need not. For the background lane. */
public final class GapSearch {
    private static final int PASSED_IN_SLOT = 256;
    private static final int MOST_PASSED = 1 << 11; // before what was found is made known
    private static final int SEARCHES = 8; // in a step: some milliseconds, more where pages have to be loaded

    private final Versions versions;
    private final Gaps gaps;
    private final ReadEpochs epochs;

    public GapSearch(Versions versions, ReadEpochs epochs) {
        this.versions = versions;
        this.gaps = versions.gaps();
        this.epochs = epochs;
    }

    /** Searches, if it was asked for; returns whether there is more to be searched. */
    public boolean step() {
        if (!gaps.isAsked() && gaps.count() > 0 && !hasTombstones(versions.current())) {
            gaps.forget();
        }
        for (int i = 0; i < SEARCHES && gaps.isAsked(); i++) {
            search();
        }
        return gaps.isAsked();
    }

    private void search() {
        byte[] from = gaps.takeAsked();
        byte[] start = gaps.watch(from);
        try {
            if (start == null) {
                gaps.giveUp();
            } else {
                walk(start);
            }
        } catch (StoreException e) {
            gaps.giveUp(); // whoever comes to what cannot be read is told
        } catch (RuntimeException | Error e) {
            gaps.giveUp();
            throw e;
        }
    }

    private static boolean hasTombstones(Version version) {
        return version.memtables().mapToLong(Memtable::tombstones).sum() > 0
                || version.runs().stream().anyMatch(run -> run.record().tombstones() > 0);
    }

    private void walk(byte[] start) {
        long latest = gaps.latest();
        int slot = epochs.enter();
        Pin pin = null;
        try {
            while (pin == null) {
                pin = Pin.tryTake(versions.current());
            }
            SortedCursor entries = pin.entries();
            int passed = 0;
            boolean on = entries.seek(start, 0, start.length);
            while (on && entries.isTombstone() && passed < MOST_PASSED) {
                Gaps.Gap known = passed % PASSED_IN_SLOT == 0 ? gaps.around(entries, latest) : null;
                if (known != null) {
                    passed++;
                    on = known.to() != null && entries.seek(known.to(), 0, known.to().length);
                    continue;
                }
                if (++passed % PASSED_IN_SLOT == 0) {
                    epochs.exit(slot);
                    slot = epochs.enter();
                    entries.resume();
                }
                on = entries.next();
            }
            byte[] end = on ? entries.key(0) : null;
            gaps.found(end, passed);
            if (passed == MOST_PASSED && end != null) {
                gaps.askFirst(end);
            }
        } finally {
            epochs.exit(slot);
            if (pin != null) {
                pin.release();
            }
        }
    }
}
