package dev.cambium.benchmarks;

/**
 * What opens an engine. Its constructor, which takes nothing, loads native libraries, so that no open is measured with
 * them.
 */
public interface EngineOpener {
    /** Opens what is in the directory, or creates it there. */
    Engine open(EngineSettings settings);
}
