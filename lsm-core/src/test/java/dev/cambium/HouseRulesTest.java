package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Rules of the house that a machine can check, over the sources of all modules. */
class HouseRulesTest {
    private static final Path ROOT =
            Path.of(System.getProperty("basedir", "")).toAbsolutePath().getParent();
    private static final List<String> PRODUCT = List.of("segment-format", "compaction", "lsm-core");
    private static final List<String> ALL =
            List.of("segment-format", "compaction", "lsm-core", "tools", "testkit", "benchmarks");

    /** Methods that may hold a monitor on the paths of reads and writes: they run when memory is retired. */
    private static final Map<String, Integer> SYNCHRONIZED_COLD_PATHS = Map.of("epoch/ReadEpochs.java", 2);

    /** Sources of main trees, by path. */
    private static Map<Path, String> sources(List<String> modules) throws IOException {
        Map<Path, String> sources = new TreeMap<>();
        for (String module : modules) {
            Path tree = ROOT.resolve(module).resolve("src/main/java");
            if (Files.isDirectory(tree)) {
                try (Stream<Path> files = Files.walk(tree)) {
                    for (Path file : files.filter(path -> path.toString().endsWith(".java"))
                            .toList()) {
                        sources.put(file, Files.readString(file));
                    }
                }
            }
        }
        assertTrue(sources.size() > modules.size(), () -> "no sources under " + ROOT);
        return sources;
    }

    private static String withoutComments(String source) {
        return Pattern.compile("/\\*.*?\\*/|//[^\n]*", Pattern.DOTALL)
                .matcher(source)
                .replaceAll("");
    }

    private static List<String> matches(List<String> modules, Pattern forbidden, boolean inComments)
            throws IOException {
        List<String> found = new ArrayList<>();
        sources(modules).forEach((path, source) -> {
            Matcher matcher = forbidden.matcher(inComments ? source : withoutComments(source));
            while (matcher.find()) {
                found.add(ROOT.relativize(path) + ": " + matcher.group());
            }
        });
        return found;
    }

    @Test
    void noSourceLeavesWorkForLater() throws IOException {
        assertEquals(List.of(), matches(ALL, Pattern.compile("\\b(TODO|FIXME|XXX|HACK)\\b"), true));
    }

    @Test
    void onlyTheDiskPackageTouchesFiles() throws IOException {
        Pattern files = Pattern.compile("\\bjava\\.io\\.(File\\w*|RandomAccessFile)\\b"
                + "|\\bjava\\.nio\\.channels\\.\\w+|\\bjava\\.nio\\.file\\.(?!Path\\b)\\w+"
                + "|\\b(FileChannel|AsynchronousFileChannel|RandomAccessFile|Files)\\.\\w+");
        List<String> found = new ArrayList<>(matches(PRODUCT, files, false));
        found.removeIf(line -> line.startsWith("segment-format/src/main/java/dev/cambium/segment/disk/"));
        assertEquals(List.of(), found);
    }

    @Test
    void onlyColdPathsOfMemtableEpochAndCommitHoldMonitors() throws IOException {
        Map<String, Integer> found = new TreeMap<>();
        sources(List.of("lsm-core")).forEach((path, source) -> {
            String name = ROOT.resolve("lsm-core/src/main/java/dev/cambium")
                    .relativize(path)
                    .toString();
            if (name.startsWith("memtable/") || name.startsWith("epoch/") || name.startsWith("commit/")) {
                Matcher matcher = Pattern.compile("\\bsynchronized\\b|\\bReentrant\\w*Lock\\b|\\bStampedLock\\b")
                        .matcher(withoutComments(source));
                while (matcher.find()) {
                    found.merge(name.replace('\\', '/'), 1, Integer::sum);
                }
            }
        });
        assertEquals(SYNCHRONIZED_COLD_PATHS, found);
    }

    @Test
    void everyPackageSaysWhatItIsFor() throws IOException {
        TreeSet<Path> packages = new TreeSet<>();
        TreeSet<Path> described = new TreeSet<>();
        sources(ALL).forEach((path, source) -> {
            String name = path.getFileName().toString();
            if (name.equals("package-info.java")) {
                assertTrue(source.contains("/**"), () -> path + " says nothing");
                described.add(ROOT.relativize(path.getParent()));
            } else if (!name.equals("module-info.java")) {
                packages.add(ROOT.relativize(path.getParent()));
            }
        });
        packages.removeAll(described);
        assertEquals(new TreeSet<>(), packages, "packages without a package-info.java");
    }

    @Test
    void noPackageIsSplitOverModules() throws IOException {
        Map<Path, Path> modules = new TreeMap<>();
        sources(ALL).keySet().forEach(path -> {
            if (!path.getFileName().toString().equals("module-info.java")) {
                Path relative = ROOT.relativize(path.getParent());
                Path module = relative.getName(0);
                Path known = modules.put(relative.subpath(4, relative.getNameCount()), module);
                assertTrue(known == null || known.equals(module), () -> relative + " stands in " + known + " too");
            }
        });
    }

    @Test
    void noClassHasANameThatSaysNothing() throws IOException {
        assertEquals(
                List.of(),
                matches(
                        ALL,
                        Pattern.compile("\\b(class|interface|enum|record)\\s+\\w*(Manager|Utils?|Helper|Impl)\\b"),
                        false));
    }

    @Test
    void dependenciesPointOneWay() throws IOException {
        assertEquals(
                List.of(),
                matches(
                        List.of("segment-format"),
                        Pattern.compile("import (static )?dev\\.cambium\\.(?!segment\\.|error\\.)[\\w.]+"),
                        false));
        assertEquals(
                List.of(),
                matches(
                        List.of("compaction"),
                        Pattern.compile(
                                "import (static )?dev\\.cambium\\.(?!segment\\.|error\\.|compaction\\.)[\\w.]+"),
                        false));
        assertEquals(
                List.of(),
                matches(
                        List.of("testkit"),
                        Pattern.compile("import (static )?dev\\.cambium\\.(?!segment\\.|error\\.|testkit\\.)[\\w.]+"),
                        false));
    }
}
