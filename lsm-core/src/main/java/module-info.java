/** Cambium: an embedded, ordered key-value store. The root package is the API; see {@link dev.cambium.Store}. */
module dev.cambium {
    requires transitive dev.cambium.segment;
    requires dev.cambium.compaction;

    exports dev.cambium;
}
