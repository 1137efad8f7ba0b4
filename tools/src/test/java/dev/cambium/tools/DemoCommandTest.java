package dev.cambium.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCommandTest {
    @TempDir
    Path directory;

    private static Set<String> temporaryDirectories() {
        return Set.of(new File(System.getProperty("java.io.tmpdir"))
                .list((parent, name) -> name.startsWith("cambium-demo-")));
    }

    @Test
    void everythingTheDemoClaimsIsSoAndItLeavesNothing() {
        Set<String> before = temporaryDirectories();
        CommandRun run = CommandRun.of("demo", "--limit", 9000);
        assertEquals(0, run.exitCode(), run.out() + run.err());
        assertTrue(run.out().contains("   ok   All 9,000 are there with the right value"), run.out());
        assertTrue(
                run.out().matches("(?s).*   ok   Of [1-9][0-9,]* acknowledged writes 0 are missing\\..*"), run.out());
        assertTrue(run.out().contains("the last writer did not close it"), run.out());
        assertTrue(run.out().matches("(?s).*   Merged .*: linked .*, copied .*; reclaimed .*"), run.out());
        assertTrue(run.out().matches("(?s).*every value right; linked were [6-9]\\d %.*"), run.out());
        assertFalse(run.out().contains("WRONG"), run.out());
        assertTrue(run.out().endsWith("\nEverything was as it should be.\n"), run.out());
        assertEquals("", run.err());
        Set<String> after = temporaryDirectories();
        assertTrue(before.containsAll(after), () -> "left behind: " + after);
    }

    @Test
    void aGivenDirectoryStays() {
        Path store = directory.resolve("demo.db");
        CommandRun run = CommandRun.of("demo", store, "--limit", 100);
        assertEquals(0, run.exitCode(), run.out() + run.err());
        assertTrue(run.out().contains("The store stays at " + store), run.out());
        assertEquals(0, CommandRun.of("verify", store).exitCode());
        assertEquals(2, CommandRun.of("demo", store).exitCode(), "it is not touched again");
    }

    @Test
    void standardInputOfARealProcessCanBeAPipe() throws IOException, InterruptedException {
        Path store = directory.resolve("piped.db");
        Process put = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Cambium.class.getName(),
                        "put",
                        store.toString(),
                        "k",
                        "-")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        put.getOutputStream().write("through a pipe".getBytes(StandardCharsets.UTF_8));
        put.getOutputStream().close();
        assertEquals(0, put.waitFor());
        assertEquals("through a pipe\n", CommandRun.of("get", store, "k").out());
    }
}
