package dev.cambium.segment.runtime;

import java.security.SecureRandom;

/** Where store ids, salts and seeds come from. */
public interface RandomSource {
    long nextLong();

    RandomSource SYSTEM = new SecureRandom()::nextLong;
}
