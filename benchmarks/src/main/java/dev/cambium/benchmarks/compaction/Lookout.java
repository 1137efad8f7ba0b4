package dev.cambium.benchmarks.compaction;

/** A thread that looks at something again and again, until it is ended. */
final class Lookout {
    private final Runnable look;
    private final long periodMillis;
    private final Thread thread;
    private volatile boolean ended;
    private volatile RuntimeException failure;

    private Lookout(String name, long periodMillis, Runnable look) {
        this.look = look;
        this.periodMillis = periodMillis;
        this.thread = new Thread(this::watch, name);
    }

    /** @param periodMillis between the end of a look and the next one */
    static Lookout start(String name, long periodMillis, Runnable look) {
        Lookout lookout = new Lookout(name, periodMillis, look);
        lookout.thread.setDaemon(true);
        lookout.thread.start();
        return lookout;
    }

    private void watch() {
        try {
            while (!ended) {
                look.run();
                TrialSite.sleep(periodMillis);
            }
        } catch (RuntimeException e) {
            failure = e; // thrown by end()
        }
    }

    /** Ends it, and looks once more, in the calling thread, which may then read what all looks have noted. Throws what a look has thrown. */
    void end() {
        ended = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
        if (failure != null) {
            throw failure;
        }
        look.run();
    }
}
