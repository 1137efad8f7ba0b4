package dev.cambium.testkit.disk;

import java.util.ArrayList;
import java.util.List;

/**
 * One call that changed a simulated disk, or was about to when it crashed.
 *
 * @param number position in the sequence of all operations of this disk, from 0
 * @param file name of the file, {@code from -> to} for a rename, empty for the directory
 * @param offset bytes from the start of the file, 0 where it has no meaning
 * @param length bytes written, stored or punched, else 0
 */
public record DiskOperation(long number, OperationKind kind, String file, long offset, int length) {
    /** Units in which a write can be cut: what the medium writes at once. */
    public static final int SECTOR_BYTES = 512;

    /** Units in which a store into a mapping can be cut. */
    public static final int WORD_BYTES = 8;

    /**
     * After how many bytes, in ascending order, the operation can be cut so that a part of it has happened: at sector
     * boundaries of the file for a write, every 8 bytes for a store, nowhere for others.
     */
    public List<Integer> cuts() {
        List<Integer> cuts = new ArrayList<>();
        if (kind == OperationKind.WRITE) {
            for (int done = SECTOR_BYTES - (int) (offset % SECTOR_BYTES); done < length; done += SECTOR_BYTES) {
                cuts.add(done);
            }
        } else if (kind == OperationKind.STORE) {
            for (int done = WORD_BYTES; done < length; done += WORD_BYTES) {
                cuts.add(done);
            }
        }
        return cuts;
    }

    /** Whether the operation can be cut after that many bytes. */
    boolean isCutAt(int bytes) {
        return cuts().contains(bytes);
    }

    @Override
    public String toString() {
        String name = file.isEmpty() ? "" : " " + file;
        return switch (kind) {
            case WRITE, STORE, PUNCH, READ ->
                number + " " + kind + name + " [" + offset + ", " + (offset + length) + ")";
            default -> number + " " + kind + name;
        };
    }
}
