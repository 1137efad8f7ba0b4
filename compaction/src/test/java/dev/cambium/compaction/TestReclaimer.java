package dev.cambium.compaction;

import dev.cambium.segment.runtime.Reclaimer;

/** Gives back at once: for tests of one thread. */
final class TestReclaimer {
    static final Reclaimer AT_ONCE = new Reclaimer() {
        @Override
        public void retire(Runnable release) {
            release.run();
        }

        @Override
        public void settle() {}

        @Override
        public long mark() {
            return 1;
        }

        @Override
        public long passed() {
            return 0;
        }
    };

    private TestReclaimer() {}
}
