/**
 * The only door to the disk, what bytes mean, and the memory they live in. Starts no thread, holds no policy.
 *
 * <p>Only the error types are for users; everything else is exported to the other Cambium modules alone.
 */
module dev.cambium.segment {
    requires java.logging;
    requires jdk.unsupported;
    requires org.slf4j;
    requires chronicle.core;
    requires chronicle.bytes;
    requires org.lz4.java;
    requires com.github.benmanes.caffeine;
    requires transitive roaringbitmap;

    exports dev.cambium.error;
    exports dev.cambium.segment.memory to
            dev.cambium.compaction,
            dev.cambium,
            dev.cambium.tools;
    exports dev.cambium.segment.pool to
            dev.cambium.compaction,
            dev.cambium,
            dev.cambium.tools;
    exports dev.cambium.segment.disk to
            dev.cambium.compaction,
            dev.cambium,
            dev.cambium.tools;
    exports dev.cambium.segment.runtime to
            dev.cambium.compaction,
            dev.cambium,
            dev.cambium.tools;
    exports dev.cambium.segment.format to
            dev.cambium.compaction,
            dev.cambium,
            dev.cambium.tools;
    exports dev.cambium.segment.log to
            dev.cambium.compaction,
            dev.cambium,
            dev.cambium.tools;
    exports dev.cambium.segment.manifest to
            dev.cambium.compaction,
            dev.cambium,
            dev.cambium.tools;
    exports dev.cambium.segment.page to
            dev.cambium.compaction,
            dev.cambium,
            dev.cambium.tools;
    exports dev.cambium.segment.zone to
            dev.cambium.compaction,
            dev.cambium,
            dev.cambium.tools;
    exports dev.cambium.segment.frame to
            dev.cambium.compaction,
            dev.cambium,
            dev.cambium.tools;
}
