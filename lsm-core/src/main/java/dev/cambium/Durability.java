package dev.cambium;

/** What a write has survived when the call returns. Writes keep their order: what survives is never a later one alone. */
public enum Durability {
    /** Power loss: the bytes have been forced to the device. The default. */
    SYNC,

    /**
     * The death of the process ({@code kill -9}): the bytes are the operating system's. A power loss costs at most the latest of
     * them, never one before a {@link #SYNC} write or a {@code sync} that returned.
     */
    BUFFERED,

    /** Nothing: the write is in memory and in no log. It is kept by the next {@code flush} or a clean close. */
    NONE
}
