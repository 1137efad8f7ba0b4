package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.StringWriter;
import java.lang.module.Configuration;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Embeds Cambium as a named module: one {@code requires}, no flag, nothing on the error stream. */
class ModulePathTest {
    /** Jars of the test class path that come with the product; the rest is for tests. */
    private static final List<String> DEPENDENCIES = List.of(
            "chronicle-", "posix-", "affinity-", "slf4j-api-", "lz4-java-", "RoaringBitmap-", "caffeine-", "jna-");

    private static final List<String> MODULES = List.of("segment-format", "compaction", "lsm-core");

    /** What the JVM itself says about its own future, from 24 on. */
    private static final List<String> ALLOWED_FROM_24 = List.of(
            "WARNING: A terminally deprecated method in sun.misc.Unsafe",
            "WARNING: sun.misc.Unsafe::",
            "WARNING: Please consider reporting this to the maintainers of class",
            "WARNING: A restricted method in",
            "WARNING: java.lang.System::load",
            "WARNING: Use --enable-native-access",
            "WARNING: Restricted methods will be blocked");

    @TempDir
    Path directory;

    private static List<Path> modulePath() {
        List<Path> path = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            Path file = Path.of(entry);
            String name = file.getFileName().toString();
            boolean ofModule = MODULES.stream()
                    .anyMatch(module -> entry.replace('\\', '/').endsWith(module + "/target/classes")
                            || name.startsWith("cambium-" + module + "-"));
            if (ofModule || name.endsWith(".jar") && DEPENDENCIES.stream().anyMatch(name::startsWith)) {
                path.add(file);
            }
        }
        return path;
    }

    private static String joined(List<Path> paths) {
        return String.join(
                File.pathSeparator, paths.stream().map(Path::toString).toList());
    }

    private void compile(Path classes) throws Exception {
        Path sources = directory.resolve("source");
        Files.createDirectories(sources.resolve("consumer"));
        Path module = Files.writeString(
                sources.resolve("module-info.java"), "module consumer {\n    requires dev.cambium;\n}\n");
        Path main = Files.writeString(sources.resolve("consumer/Main.java"), """
                package consumer;

                import dev.cambium.*;
                import dev.cambium.error.*;
                import java.nio.file.Path;

                public class Main {
                    public static void main(String[] arguments) {
                        Path directory = Path.of(arguments[0]);
                        try (Store store = Store.open(directory)) {
                            store.put("b".getBytes(), "two".getBytes());
                            store.keyspace("other").put("a".getBytes(), "one".getBytes(), Durability.BUFFERED);
                            store.write(new WriteBatch().put("c".getBytes(), "three".getBytes()));
                        }
                        try (Store store = Store.open(directory); Snapshot snapshot = store.snapshot()) {
                            System.out.println(new String(store.get("b".getBytes())));
                            System.out.println(new String(snapshot.get(store.keyspace("other"), "a".getBytes())));
                            try (Cursor cursor = snapshot.cursor(KeyRange.from("c".getBytes()))) {
                                while (cursor.next()) {
                                    System.out.println(new String(cursor.valueView().toByteArray()));
                                }
                            }
                            Store.open(directory);
                        } catch (StoreLockedException e) {
                            System.out.println(e.ownerPid() == ProcessHandle.current().pid());
                        }
                        System.out.println(Store.class.getModule());
                    }
                }
                """);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        boolean compiled = compiler.getTask(
                        messages,
                        null,
                        null,
                        List.of("--release", "17", "-d", classes.toString(), "-p", joined(modulePath())),
                        null,
                        compiler.getStandardFileManager(null, null, null).getJavaFileObjects(module, main))
                .call();
        assertTrue(compiled, messages.toString());
    }

    @Test
    void consumersNeedOneRequiresAndNoFlag() throws Exception {
        Path classes = directory.resolve("classes");
        compile(classes);
        List<Path> modules = new ArrayList<>(modulePath());
        modules.add(classes);
        Path errors = directory.resolve("stderr");
        Path output = directory.resolve("stdout");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-p",
                        joined(modules),
                        "-m",
                        "consumer/consumer.Main",
                        directory.resolve("store").toString())
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile())
                .start();
        assertTrue(process.waitFor(30, TimeUnit.SECONDS));
        String said = Files.readString(errors, StandardCharsets.UTF_8);
        assertEquals(
                List.of("two", "one", "three", "true", "module dev.cambium"),
                Files.readAllLines(output),
                () -> "stderr: " + said);
        assertEquals(0, process.exitValue());
        assertEquals(List.of(), said.lines().filter(line -> !isAllowed(line)).toList());
    }

    private static boolean isAllowed(String line) {
        return Runtime.version().feature() >= 24 && ALLOWED_FROM_24.stream().anyMatch(line::startsWith);
    }

    @Test
    void nothingButApiAndErrorsIsExportedToConsumers() {
        Configuration resolved = ModuleLayer.boot()
                .configuration()
                .resolve(ModuleFinder.of(modulePath().toArray(Path[]::new)), ModuleFinder.of(), Set.of("dev.cambium"));
        List<String> exported = resolved.modules().stream()
                .map(module -> module.reference().descriptor())
                .filter(module -> module.name().startsWith("dev.cambium"))
                .flatMap(module -> module.exports().stream().filter(export -> !export.isQualified()))
                .map(export -> export.source())
                .sorted()
                .toList();
        assertEquals(List.of("dev.cambium", "dev.cambium.error"), exported);
        ModuleReference core = resolved.findModule("dev.cambium").orElseThrow().reference();
        List<String> required = core.descriptor().requires().stream()
                .map(require -> require.name().toLowerCase(Locale.ROOT))
                .sorted()
                .toList();
        assertEquals(List.of("dev.cambium.compaction", "dev.cambium.segment", "java.base"), required);
    }
}
