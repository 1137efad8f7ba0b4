/** Sorted sources, the merge cursor, and filters. For the other Cambium modules. */
module dev.cambium.compaction {
    requires transitive dev.cambium.segment;
    requires com.github.benmanes.caffeine;

    exports dev.cambium.compaction to
            dev.cambium,
            dev.cambium.tools;
}
