package dev.cambium;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example of the package documentation, as it stands there: compiled and run. */
class DocExampleTest {
    @TempDir
    Path directory;

    @Test
    void exampleOfThePackageDocumentationCompilesAndRuns() throws Exception {
        String doc = Files.readString(Path.of("src/main/java/dev/cambium/package-info.java"));
        int from = doc.indexOf("<pre>{@code") + "<pre>{@code".length();
        String example = doc.substring(from, doc.indexOf(" * }</pre>", from))
                .lines()
                .map(line -> line.replaceFirst("^ \\* ?", ""))
                .collect(Collectors.joining("\n"))
                .replace(
                        "\"my.db\"",
                        "\"" + directory.resolve("my.db").toString().replace("\\", "\\\\") + "\"");
        Path source = directory.resolve("Example.java");
        Files.writeString(
                source,
                "import dev.cambium.*; import java.nio.file.Path; import static java.nio.charset.StandardCharsets.UTF_8;\n"
                        + "public class Example { public static void main(String[] args) {\n" + example + "\n}}\n");
        int result = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "-cp",
                        System.getProperty("java.class.path"),
                        "-d",
                        directory.toString(),
                        source.toString());
        assertEquals(0, result);
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {directory.toUri().toURL()}, Store.class.getClassLoader())) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            loader.loadClass("Example").getMethod("main", String[].class).invoke(null, (Object) new String[0]);
        } finally {
            System.setOut(out);
        }
        assertEquals("apple = red\n", printed.toString(StandardCharsets.UTF_8));
    }
}
