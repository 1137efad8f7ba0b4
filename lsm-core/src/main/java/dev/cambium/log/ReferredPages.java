package dev.cambium.log;

/**
 * The pages of long values that records of the log refer to. They are forced before anything says that the records are: else a record that was promised could lead to
 * nothing. Threads: any.
 */
public interface ReferredPages {
    /**
     * Makes what records refer to survive a power loss, all of those that have been appended until now.
     *
     * @throws dev.cambium.error.StoreException where it fails, from then on always
     */
    void force();

    /**
     * Throws where {@link #force} never returns any more, and so no record is promised any more.
     *
     * @throws dev.cambium.error.StoreException saying why
     */
    void throwIfLost();
}
