package dev.cambium.testkit.disk;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/**
 * The names of a simulated disk's files: as the running machine sees them, as they were last forced, and the changes in
 * between, each of which may survive a power loss without the others.
 *
 * <p>A change tells which file it was about: a delete that survives without the rename before it does not remove the file
 * which had that name earlier. Guarded by the disk's lock.
 */
final class Directory {
    /** A file's name changes {@code from} one, null for a new file, {@code to} another, null for a deleted one. */
    private record Change(FileImage file, String from, String to) {
        void applyTo(Map<String, FileImage> names) {
            names.values().removeIf(named -> named == file); // a file has one name at a time
            if (to != null) {
                names.put(to, file);
            }
        }
    }

    private final TreeMap<String, FileImage> names = new TreeMap<>();
    private final TreeMap<String, FileImage> forcedNames = new TreeMap<>();
    private final List<Change> unforced = new ArrayList<>();
    private final Set<FileImage> nameless = new HashSet<>();

    FileImage get(String name) {
        return names.get(name);
    }

    List<String> list() {
        return List.copyOf(names.keySet());
    }

    void create(String name, FileImage file) {
        change(new Change(file, null, name));
    }

    void rename(String from, String to) {
        drop(from.equals(to) ? null : names.get(to));
        change(new Change(names.get(from), from, to));
    }

    void delete(String name) {
        FileImage file = names.get(name);
        change(new Change(file, name, null));
        drop(file);
    }

    private void change(Change change) {
        change.applyTo(names);
        unforced.add(change);
    }

    private void drop(FileImage file) {
        if (file != null && file.openCount() > 0) {
            nameless.add(file);
        }
    }

    void force() {
        forcedNames.clear();
        forcedNames.putAll(names);
        unforced.clear();
    }

    /** Puts a file on the medium, name and bytes, as if it had always been there. */
    void install(String name, FileImage file) {
        names.put(name, file);
        forcedNames.put(name, file);
        unforced.removeIf(change -> name.equals(change.to) || name.equals(change.from));
    }

    /** Bytes of all files that have a name or are still open, their holes left out. */
    long usedBytes() {
        nameless.removeIf(file -> file.openCount() == 0);
        long sum = 0;
        for (FileImage file : names.values()) {
            sum += file.usedBytes();
        }
        for (FileImage file : nameless) {
            sum += file.usedBytes();
        }
        return sum;
    }

    Directory afterKill() {
        UnaryOperator<FileImage> copies = copying(FileImage::afterKill);
        Directory copy = new Directory();
        names.forEach((name, file) -> copy.names.put(name, copies.apply(file)));
        forcedNames.forEach((name, file) -> copy.forcedNames.put(name, copies.apply(file)));
        for (Change change : unforced) {
            copy.unforced.add(new Change(copies.apply(change.file), change.from, change.to));
        }
        return copy;
    }

    Directory afterPowerLoss(PowerLoss loss) {
        TreeMap<String, FileImage> left = new TreeMap<>(forcedNames);
        for (Change change : unforced) {
            if (loss.directoryChange()) {
                change.applyTo(left);
            }
        }
        UnaryOperator<FileImage> copies = copying(file -> file.afterPowerLoss(loss));
        Directory copy = new Directory();
        left.forEach((name, file) -> copy.install(name, copies.apply(file)));
        return copy;
    }

    /** Makes one copy of each file, however many names it has. */
    private static UnaryOperator<FileImage> copying(UnaryOperator<FileImage> copy) {
        Map<FileImage, FileImage> done = new IdentityHashMap<>();
        return file -> done.computeIfAbsent(file, copy);
    }
}
