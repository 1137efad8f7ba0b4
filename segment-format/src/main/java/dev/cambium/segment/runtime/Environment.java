package dev.cambium.segment.runtime;

import dev.cambium.segment.disk.ZoneFileSystem;
import java.util.function.Supplier;

/**
 * Everything a store takes from outside: disk, time, chance and threads.
 *
 * @param executor makes the store's own executor; called once per open
 */
public record Environment(
        ZoneFileSystem disk, Clock clock, RandomSource random, Parker parker, Supplier<BackgroundExecutor> executor) {}
