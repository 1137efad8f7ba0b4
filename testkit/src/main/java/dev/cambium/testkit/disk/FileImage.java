package dev.cambium.testkit.disk;

import static dev.cambium.testkit.disk.DiskOperation.SECTOR_BYTES;

import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.memory.Memory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The bytes of one file, whatever its names: what a reader of the running machine sees, what is forced, and what each sector
 * has held in between.
 *
 * <p>Guarded by the disk's lock.
 */
final class FileImage {
    /*
     * A sector, once written, is never changed in place: a write makes a new array. So all versions are kept for nothing,
     * images share their sectors, and a copy costs eight bytes a sector. A null sector has never been written: it reads as
     * zeros, and may have no block behind it. Bytes of the last sector beyond the length are zero, in both views.
     */
    private static final byte[] ZEROS = new byte[SECTOR_BYTES];

    private static final int HOLE_BYTES = ZoneFileSystem.HOLE_ALIGNMENT;

    /** Versions kept of a sector since its last force; of more, the oldest are forgotten. */
    private static final int MOST_VERSIONS = 8;

    private byte[][] sectors = new byte[0][];
    private int length;
    private byte[][] forcedSectors = new byte[0][];
    private int forcedLength;
    private final Map<Integer, List<byte[]>> unforced = new TreeMap<>();
    private final Map<Integer, List<byte[]>> givenUp = new TreeMap<>();
    private BitSet holes = new BitSet(); // blocks that take no room
    private BitSet forcedHoles = new BitSet();
    private final BitSet unforcedHoles = new BitSet(); // of those, what a power loss may undo
    private boolean hasOtherNames;
    private int openCount;

    /** A file whose bytes are all forced. */
    static FileImage forced(byte[] bytes) {
        FileImage image = new FileImage();
        image.growTo(bytes.length);
        for (int i = 0; i < image.sectors.length; i++) {
            int from = i * SECTOR_BYTES;
            image.sectors[i] = Arrays.copyOf(
                    Arrays.copyOfRange(bytes, from, Math.min(bytes.length, from + SECTOR_BYTES)), SECTOR_BYTES);
        }
        image.forcedSectors = image.sectors.clone();
        image.forcedLength = bytes.length;
        return image;
    }

    int length() {
        return length;
    }

    /** Bytes that the file takes: those of holes left out. */
    long usedBytes() {
        return length - (long) holes.cardinality() * HOLE_BYTES;
    }

    boolean hasOtherNames() {
        return hasOtherNames;
    }

    /** Says that the file has a name outside of the directory, or none any more. */
    void setOtherNames(boolean others) {
        hasOtherNames = others;
    }

    int openCount() {
        return openCount;
    }

    void opened() {
        openCount++;
    }

    void closed() {
        openCount--;
    }

    void read(int offset, Memory target, int targetOffset, int count) {
        for (int done = 0; done < count; ) {
            int at = offset + done;
            int within = at % SECTOR_BYTES;
            int step = Math.min(SECTOR_BYTES - within, count - done);
            target.put(targetOffset + done, orZeros(sectors[at / SECTOR_BYTES]), within, step);
            done += step;
        }
    }

    byte[] bytes() {
        byte[] all = new byte[length];
        for (int i = 0; i < sectors.length; i++) {
            int at = i * SECTOR_BYTES;
            System.arraycopy(orZeros(sectors[i]), 0, all, at, Math.min(SECTOR_BYTES, length - at));
        }
        return all;
    }

    void write(int offset, Memory source, int sourceOffset, int count) {
        if (count == 0) {
            return;
        }
        growTo(Math.max(length, offset + count));
        for (int done = 0; done < count; ) {
            int at = offset + done;
            int index = at / SECTOR_BYTES;
            int within = at % SECTOR_BYTES;
            int step = Math.min(SECTOR_BYTES - within, count - done);
            byte[] next = orZeros(sectors[index]).clone();
            source.get(sourceOffset + done, next, within, step);
            sectors[index] = next;
            remember(index, next);
            fill(index * SECTOR_BYTES / HOLE_BYTES);
            done += step;
        }
    }

    /** A hole has been written into: all of its block has room again, and where the hole was not forced, its zeros are to be. */
    private void fill(int block) {
        holes.clear(block);
        if (unforcedHoles.get(block)) {
            unforcedHoles.clear(block);
            int first = block * (HOLE_BYTES / SECTOR_BYTES);
            for (int index = first; index < first + HOLE_BYTES / SECTOR_BYTES; index++) {
                if (sectors[index] == null) {
                    sectors[index] = ZEROS;
                    remember(index, ZEROS);
                }
            }
        }
    }

    /** Makes whole blocks read as zeros and take no room. */
    void punch(int offset, int count) {
        for (int block = offset / HOLE_BYTES; block < (offset + count) / HOLE_BYTES; block++) {
            int first = block * (HOLE_BYTES / SECTOR_BYTES);
            for (int index = first; index < first + HOLE_BYTES / SECTOR_BYTES; index++) {
                sectors[index] = null;
                unforced.remove(index); // nothing of it is to be written any more
                givenUp.remove(index);
            }
            holes.set(block);
            unforcedHoles.set(block);
        }
    }

    void truncate(int newLength) {
        growTo(newLength);
        int count = (newLength + SECTOR_BYTES - 1) / SECTOR_BYTES;
        sectors = Arrays.copyOf(sectors, count);
        unforced.keySet().removeIf(index -> index >= count);
        givenUp.keySet().removeIf(index -> index >= count);
        int blocks = newLength / HOLE_BYTES;
        holes.clear(blocks, Math.max(blocks, holes.length()));
        unforcedHoles.clear(blocks, Math.max(blocks, unforcedHoles.length()));
        int tail = newLength % SECTOR_BYTES;
        if (tail != 0 && sectors[count - 1] != null) {
            sectors[count - 1] = Arrays.copyOf(Arrays.copyOf(sectors[count - 1], tail), SECTOR_BYTES);
            remember(count - 1, sectors[count - 1]);
        }
    }

    private void growTo(int newLength) {
        length = newLength;
        int count = (newLength + SECTOR_BYTES - 1) / SECTOR_BYTES;
        if (count > sectors.length) {
            sectors = Arrays.copyOf(sectors, count);
        }
    }

    private void remember(int index, byte[] version) {
        List<byte[]> earlier = givenUp.remove(index);
        List<byte[]> versions = unforced.computeIfAbsent(index, any -> earlier == null ? new ArrayList<>(2) : earlier);
        if (versions.size() == MOST_VERSIONS) {
            versions.remove(0);
        }
        versions.add(version);
    }

    void force(boolean metadata) {
        forcedSectors = Arrays.copyOf(forcedSectors, sectors.length);
        unforced.keySet().forEach(index -> forcedSectors[index] = sectors[index]);
        unforced.clear();
        unforcedHoles.stream()
                .forEach(block -> Arrays.fill(
                        forcedSectors,
                        block * (HOLE_BYTES / SECTOR_BYTES),
                        Math.min(forcedSectors.length, (block + 1) * (HOLE_BYTES / SECTOR_BYTES)),
                        null));
        unforcedHoles.clear();
        forcedHoles = (BitSet) holes.clone();
        if (metadata) {
            forcedLength = length;
        }
    }

    /** A force that the device refused: the sectors count as clean from now on, so no later force writes them. */
    void failForce() {
        givenUp.putAll(unforced);
        unforced.clear();
    }

    /** Whether every sector has been written once, so that a store into it needs no new block. */
    boolean isFullyWritten() {
        for (byte[] sector : sectors) {
            if (sector == null) {
                return false;
            }
        }
        return true;
    }

    /** Inverts a bit on the medium and in what readers see. */
    void flip(long bit) {
        int index = Math.toIntExact(bit / 8 / SECTOR_BYTES);
        int within = (int) (bit / 8 % SECTOR_BYTES);
        int mask = 1 << (bit % 8);
        byte[] seen = sectors[index];
        sectors[index] = flipped(seen, within, mask);
        if (index < forcedSectors.length) {
            forcedSectors[index] =
                    forcedSectors[index] == seen ? sectors[index] : flipped(forcedSectors[index], within, mask);
        }
    }

    private static byte[] flipped(byte[] sector, int within, int mask) {
        byte[] copy = orZeros(sector).clone();
        copy[within] ^= (byte) mask;
        return copy;
    }

    /** The file as the next process of the same boot finds it, with the same changes still unforced. */
    FileImage afterKill() {
        FileImage copy = new FileImage();
        copy.sectors = sectors.clone();
        copy.length = length;
        copy.forcedSectors = forcedSectors.clone();
        copy.forcedLength = forcedLength;
        unforced.forEach((index, versions) -> copy.unforced.put(index, new ArrayList<>(versions)));
        givenUp.forEach((index, versions) -> copy.givenUp.put(index, new ArrayList<>(versions)));
        copy.holes = (BitSet) holes.clone();
        copy.forcedHoles = (BitSet) forcedHoles.clone();
        copy.unforcedHoles.or(unforcedHoles);
        copy.hasOtherNames = hasOtherNames;
        return copy;
    }

    /** The file as the next boot finds it; all of it is on the medium. */
    FileImage afterPowerLoss(PowerLoss loss) {
        FileImage left = new FileImage();
        left.growTo(loss.length(forcedLength, length));
        left.holes = (BitSet) forcedHoles.clone();
        left.hasOtherNames = hasOtherNames;
        BitSet lost = new BitSet(); // blocks that a hole which was not forced is not there of
        unforcedHoles.stream().forEach(block -> {
            boolean stays = loss.staysPunched();
            left.holes.set(block, stays || forcedHoles.get(block));
            lost.set(block, !stays);
        });
        for (int i = 0; i < left.sectors.length; i++) {
            byte[] forced = i < forcedSectors.length ? forcedSectors[i] : null;
            List<byte[]> dirty = unforced.get(i);
            List<byte[]> abandoned = givenUp.get(i);
            int block = i / (HOLE_BYTES / SECTOR_BYTES);
            if (unforcedHoles.get(block)) {
                left.sectors[i] = lost.get(block) ? forced : null;
                continue;
            }
            left.sectors[i] = dirty != null
                    ? loss.sector(forced, dirty)
                    : abandoned != null ? loss.givenUpSector(forced, abandoned) : forced;
            if (left.sectors[i] != null) {
                left.holes.clear(block);
            }
        }
        int blocks = left.length / HOLE_BYTES;
        left.holes.clear(blocks, Math.max(blocks, left.holes.length()));
        int tail = left.length % SECTOR_BYTES;
        if (tail != 0 && left.sectors[left.sectors.length - 1] != null) {
            int last = left.sectors.length - 1;
            left.sectors[last] = Arrays.copyOf(Arrays.copyOf(left.sectors[last], tail), SECTOR_BYTES);
        }
        left.forcedSectors = left.sectors.clone();
        left.forcedLength = left.length;
        left.forcedHoles = (BitSet) left.holes.clone();
        return left;
    }

    private static byte[] orZeros(byte[] sector) {
        return sector == null ? ZEROS : sector;
    }
}
