package dev.cambium.segment.log;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.memory.Memory;

/**
 * How log files come to be: their names, and the two ways to prepare one before it is used.
 *
 * <p>A log is {@code log-} and its id in 16 hexadecimal digits; a file on its way from one life to the next is {@code spare-}
 * and the id of its old life.
 */
final class LogFiles {
    /*
     * A valid identity promises that every block of the file has been written and forced: only then can a store through a
     * mapping not fail, and only then is recycling cheap. Hence the order
     *
     *   new:       zeros | force | identity | force | (caller: directory | LOG_NEXT | force) | START
     *   recycled:  rename to spare | directory | whole header page | force | rename to log | (caller as above)
     *
     * If we crash here, in a new log: before the second force the identity may be missing, and the file is not named: garbage.
     * In a recycled one:
     *   after the first rename      the spare has the old identity, complete: it can be recycled again;
     *   inside the header's write   sectors of the old and the new page are mixed under the spare's name. The identity is one
     *                               sector, so it is the old or the new one, and says in both cases that the blocks are there.
     *                               Nobody reads START or slots of a spare;
     *   after the force             the spare has the new identity: it can be recycled again;
     *   after the second rename     the name may be the old or the new one: the new name stands for a complete new header, for
     *                               it was forced before.
     * The directory is forced after the first rename, so the name of the old log never stands over a header of the new one.
     * The old records stay where they were; the new salt makes them worthless.
     */
    private static final int STEP = 1 << 20;

    private static final String LOG = "log-";
    private static final String SPARE = "spare-";
    private static final int DIGITS = 16;

    private LogFiles() {}

    static String logName(long id) {
        return LOG + digits(id);
    }

    private static String digits(long id) {
        return String.format("%0" + DIGITS + "x", id);
    }

    /** The id in the name of a log, or -1 where the name is none. */
    static long idOf(String name) {
        return idOf(name, LOG);
    }

    static boolean isSpareName(String name) {
        return idOf(name, SPARE) >= 0;
    }

    private static long idOf(String name, String prefix) {
        if (!name.startsWith(prefix) || name.length() != prefix.length() + DIGITS) {
            return -1;
        }
        long id = 0;
        for (int i = prefix.length(); i < name.length(); i++) {
            char c = name.charAt(i);
            int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
            if (digit < 0) {
                return -1;
            }
            id = id << 4 | digit;
        }
        return id; // ids of 2^63 and more come out negative: they are no log's
    }

    /** Creates a file of {@code capacity} bytes whose blocks are all written, then gives it its header; returns it open. */
    static ZoneFile prepare(ZoneFileSystem disk, long id, byte[] storeId, long salt, long capacity) {
        ZoneFile file = disk.create(logName(id));
        Memory zeros = Memory.allocate((int) Math.min(STEP, capacity));
        try {
            for (long at = 0; at < capacity; at += STEP) {
                file.write(at, zeros, 0, (int) Math.min(STEP, capacity - at));
            }
            file.force(true);
            LogHeader.put(zeros, id, storeId, salt, capacity);
            file.write(0, zeros, 0, LogHeader.LENGTH);
            file.force(true);
            return file;
        } catch (RuntimeException | Error e) {
            closeAfter(file, e);
            throw e;
        } finally {
            zeros.release();
        }
    }

    /** Gives the file of an old log a new identity and a new name; returns it open. */
    static ZoneFile recycle(ZoneFileSystem disk, String oldName, long newId, byte[] storeId, long newSalt) {
        String newName = logName(newId);
        if (disk.exists(newName)) {
            throw new IllegalStateException(newName + " exists already");
        }
        Memory page = Memory.allocate(LogHeader.LENGTH);
        ZoneFile file = null;
        try {
            String spare = oldName;
            if (!isSpareName(oldName)) {
                spare = SPARE + digits(idOf(oldName));
                disk.rename(oldName, spare);
                disk.forceDirectory();
            }
            file = disk.open(spare);
            long capacity = file.length();
            checkIdentity(file, page, storeId, spare);
            LogHeader.put(page, newId, storeId, newSalt, capacity);
            file.write(0, page, 0, LogHeader.LENGTH);
            file.force(true);
            file.close();
            file = null;
            disk.rename(spare, newName);
            return disk.open(newName);
        } catch (RuntimeException | Error e) {
            if (file != null) {
                closeAfter(file, e);
            }
            throw e;
        } finally {
            page.release();
        }
    }

    /** Whether {@link #recycle} can take the file: it is or was a prepared log of this store. */
    static boolean canRecycle(ZoneFileSystem disk, String name, byte[] storeId, long capacity) {
        if (idOf(name) <= 0 && !isSpareName(name)) {
            return false;
        }
        Memory page = Memory.allocate(LogHeader.LENGTH);
        try (ZoneFile file = disk.openReadOnly(name)) {
            if (file.length() != capacity) {
                return false;
            }
            checkIdentity(file, page, storeId, name);
            return true;
        } catch (CorruptionException | FormatVersionException notPrepared) {
            return false;
        } finally {
            page.release();
        }
    }

    /** Reads the identity alone: the other sectors of a spare may be of two lives. */
    private static void checkIdentity(ZoneFile file, Memory page, byte[] storeId, String name) {
        if (file.length() < LogHeader.LENGTH) {
            throw new CorruptionException(name, 0, "a log of at least 4096 bytes", "one of " + file.length());
        }
        file.read(0, page, 0, LogHeader.SECTOR_LENGTH);
        page.zero(LogHeader.SECTOR_LENGTH, LogHeader.LENGTH - LogHeader.SECTOR_LENGTH);
        LogHeader.check(page, storeId, file.length(), name);
    }

    static void closeAfter(ZoneFile file, Throwable failure) {
        try {
            file.close();
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }
}
