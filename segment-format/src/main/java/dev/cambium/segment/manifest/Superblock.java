package dev.cambium.segment.manifest;

import java.util.Arrays;

/**
 * Which store this is and which manifest counts: the content of one slot of the file {@code SUPERBLOCK}. Immutable.
 *
 * @param storeId 16 bytes, drawn when the store was created
 * @param lineage 16 bytes, drawn anew whenever a copy of the store goes its own way
 * @param incarnation how many times a writer has opened the store; counted up and forced before that writer changes anything
 * @param hashSeed what keys are hashed with in this store
 * @param manifestId the manifest that counts
 * @param manifestLength bytes of that file that were forced when this was written: damage below is no torn tail
 * @param sequence counts superblocks, from 1 on
 * @param createdMillis wall clock at the creation of the store, in milliseconds since 1970
 */
public record Superblock(
        byte[] storeId,
        byte[] lineage,
        long incarnation,
        long hashSeed,
        long manifestId,
        long manifestLength,
        long sequence,
        long createdMillis) {
    public static final int ID_LENGTH = 16;

    public Superblock {
        if (storeId.length != ID_LENGTH || lineage.length != ID_LENGTH) {
            throw new IllegalArgumentException(
                    "store id and lineage have 16 bytes, not " + storeId.length + " and " + lineage.length);
        }
        if (incarnation < 0 || manifestId <= 0 || manifestLength < ManifestFile.HEADER_LENGTH || sequence <= 0) {
            throw new IllegalArgumentException("incarnation " + incarnation + ", manifest id " + manifestId
                    + ", length " + manifestLength + ", sequence " + sequence + ": negative or too small");
        }
        storeId = storeId.clone();
        lineage = lineage.clone();
    }

    /** The first superblock of a store. */
    public static Superblock first(
            byte[] storeId, byte[] lineage, long hashSeed, long manifestId, long manifestLength, long createdMillis) {
        return new Superblock(storeId, lineage, 0, hashSeed, manifestId, manifestLength, 1, createdMillis);
    }

    @Override
    public byte[] storeId() {
        return storeId.clone();
    }

    @Override
    public byte[] lineage() {
        return lineage.clone();
    }

    /** The next superblock: as this, with another manifest or more of the same. */
    public Superblock withManifest(long id, long length) {
        return new Superblock(storeId, lineage, incarnation, hashSeed, id, length, sequence + 1, createdMillis);
    }

    /** The next superblock: as this, for another writer; see {@link SuperblockFile#nextWriter}. */
    Superblock withIncarnation(long next) {
        return new Superblock(
                storeId, lineage, next, hashSeed, manifestId, manifestLength, sequence + 1, createdMillis);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Superblock that
                && Arrays.equals(storeId, that.storeId)
                && Arrays.equals(lineage, that.lineage)
                && incarnation == that.incarnation
                && hashSeed == that.hashSeed
                && manifestId == that.manifestId
                && manifestLength == that.manifestLength
                && sequence == that.sequence
                && createdMillis == that.createdMillis;
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(storeId) * 31 + Long.hashCode(sequence);
    }
}
