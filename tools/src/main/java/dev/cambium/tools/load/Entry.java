package dev.cambium.tools.load;

/** A key and its value. The arrays are the holder's. */
public record Entry(byte[] key, byte[] value) {}
