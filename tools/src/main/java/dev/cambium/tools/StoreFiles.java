package dev.cambium.tools;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A store's directory as files of the operating system. Stateless. */
public final class StoreFiles {
    private StoreFiles() {}

    /** Lengths in bytes by file name; a file that goes away meanwhile is left out. */
    public static SortedMap<String, Long> lengths(Path directory) {
        SortedMap<String, Long> lengths = new TreeMap<>();
        try (Stream<Path> listed = Files.list(directory)) {
            for (Path file : (Iterable<Path>) listed::iterator) {
                try {
                    lengths.put(file.getFileName().toString(), Files.size(file));
                } catch (NoSuchFileException gone) {
                    continue; // recycled or dropped since it was listed
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list " + directory + ": " + e.getMessage(), e);
        }
        return lengths;
    }

    /** Bytes in all files. */
    public static long totalBytes(Path directory) {
        return lengths(directory).values().stream().mapToLong(Long::longValue).sum();
    }

    /** Deletes a directory and all that is in it. */
    public static void deleteTree(Path directory) {
        try (Stream<Path> walked = Files.walk(directory)) {
            List<Path> paths = walked.sorted(Comparator.reverseOrder()).toList();
            for (Path path : paths) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + directory + ": " + e.getMessage(), e);
        }
    }
}
