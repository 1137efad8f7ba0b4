package dev.cambium.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HelpTest {
    @Test
    void theHelpIsGolden() throws IOException {
        CommandRun help = CommandRun.of("--help");
        assertEquals(0, help.exitCode());
        Golden.check("help.txt", help.out());
        assertFalse(help.out().contains("demo-writer"), "it is hidden");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"demo", "load", "get", "put", "delete", "scan", "stats", "dump", "verify", "compact", "clean"})
    void everyCommandTeachesWithExamplesAndExitCodes(String command) {
        CommandRun help = CommandRun.of(command, "--help");
        assertEquals(0, help.exitCode());
        assertEquals("", help.err());
        assertTrue(help.out().startsWith("Usage: cambium " + command), help.out());
        assertTrue(help.out().contains("Examples:\n  cambium " + command), help.out());
        assertTrue(help.out().contains("Exit code: 0 done"), help.out());
        assertTrue(help.out().contains("--debug"), help.out());
        help.out().lines().forEach(line -> assertTrue(line.length() <= 100, line));
    }

    @Test
    void versionTellsTheFormat() {
        CommandRun version = CommandRun.of("--version");
        assertEquals(0, version.exitCode());
        assertTrue(version.out().matches("cambium .*, format 1\\.0, Java .*\n"), version.out());
        assertEquals(version.out(), CommandRun.of("get", "--version").out());
    }
}
