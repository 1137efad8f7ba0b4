package dev.cambium.testkit.disk;

import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.memory.Memory;
import java.util.List;

/**
 * A copy of all files of one directory in another, so that files of a real store can be looked at in the simulation and the
 * reverse. Leaves out LOCK and OWNER, which belong to a running process.
 *
 * <p>Neither side may be written meanwhile. Lock files apart, a file of the same name on the target makes the copy fail.
 */
public final class DirectoryCopy {
    private static final int STEP_BYTES = 1 << 20;

    private DirectoryCopy() {}

    /** A simulated disk with the files of {@code source}, all forced. */
    public static SimulatedDisk simulate(ZoneFileSystem source, long seed) {
        SimulatedDisk disk = new SimulatedDisk(seed);
        copy(source, disk);
        return disk.afterCrash(CrashOutcome.NOTHING_UNFORCED);
    }

    /** Copies and forces everything, names included. */
    public static void copy(ZoneFileSystem source, ZoneFileSystem target) {
        target.createDirectory();
        for (String name : names(source)) {
            try (ZoneFile from = source.openReadOnly(name);
                    ZoneFile to = target.create(name)) {
                copy(from, to);
            }
        }
        target.forceDirectory();
    }

    private static List<String> names(ZoneFileSystem source) {
        return source.list().stream()
                .filter(name -> !name.equals(SimulatedDisk.LOCK) && !name.equals(SimulatedDisk.OWNER))
                .toList();
    }

    private static void copy(ZoneFile from, ZoneFile to) {
        long length = from.length();
        Memory buffer = Memory.allocate(STEP_BYTES);
        try {
            for (long done = 0; done < length; ) {
                int step = (int) Math.min(STEP_BYTES, length - done);
                from.read(done, buffer, 0, step);
                to.write(done, buffer, 0, step);
                done += step;
            }
        } finally {
            buffer.release();
        }
        to.force(true);
    }
}
