package dev.cambium.tools.dump;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.cambium.segment.disk.RealFileSystem;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.manifest.ManifestFile;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.Lz4;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.testkit.disk.DirectoryCopy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example in docs/FORMAT.md is what a store of three keys has on disk, byte for byte. */
class FormatExampleTest {
    private static final String HEADING = "### Example: a store of three keys\n";
    private static final String BLOCK = "```\n";

    @TempDir
    Path directory;

    @BeforeEach
    void create() {
        DirectoryCopy.copy(GoldenPages.threeKeys(), new RealFileSystem(directory));
    }

    /** What the command prints. */
    private String dump(String... arguments) {
        return "$ cambium dump three.db " + String.join(" ", arguments) + "\n"
                + DumpRun.of(directory, arguments).requireExit(0).out();
    }

    /** Keeps what is written. */
    private static final class Parts implements PartWriter {
        private final List<Part> written = new ArrayList<>();

        @Override
        public void write(Part part) {
            written.add(part);
        }

        @Override
        public boolean isClosed() {
            return false;
        }
    }

    /** Bytes of a file with the names of what stands there. */
    private String hex(String file, int from, int to, HexDump marks) {
        Parts lines = new Parts();
        try (ZoneFile opened = FileReader.open(new RealFileSystem(directory), file)) {
            Memory all = FileReader.read(opened, (int) opened.length());
            marks.write(all, from, to, 0, lines);
            all.release();
        }
        return lines.written.stream()
                .map(line -> String.format(
                        "%10d  %-48s  %s  %s%n",
                        line.offset(),
                        line.fields().get(0).value(),
                        line.fields().get(1).value(),
                        line.fields().get(2).value()))
                .collect(Collectors.joining());
    }

    private static void mark(HexDump marks, Part part) {
        part.fields().forEach(field -> marks.mark((int) field.offset(), 1, field.name()));
        part.children().forEach(child -> mark(marks, child));
    }

    /** The edit that names the run. */
    private String edit() {
        String manifest = ManifestFile.name(1);
        Parts all = new Parts();
        assertTrue(ManifestDump.run(new RealFileSystem(directory), 1, 0, Long.MAX_VALUE, all));
        Part edit = all.written.stream()
                .filter(part ->
                        part.children().stream().anyMatch(field -> field.name().equals("RUN")))
                .findFirst()
                .orElseThrow();
        HexDump marks = new HexDump();
        mark(marks, edit);
        int from = (int) edit.offset();
        int length = ((Long) edit.fields().get(1).value()).intValue();
        String shown = dump("manifest");
        int start = shown.indexOf(String.format("%10d  edit", from));
        int end = shown.indexOf(String.format("%10d  edit", from + length));
        return "$ cambium dump three.db manifest\n...\n" + shown.substring(start, end) + "...\n"
                + hex(manifest, from, from + length, marks);
    }

    private String zoneHeader() {
        HexDump marks = new HexDump();
        ZoneHeaderDump.HEADER.mark(marks, 0);
        String shown = dump("zone", "1", "--limit", "0");
        return shown.substring(0, shown.lastIndexOf('\n', shown.length() - 2) + 1) + "...\n"
                + hex(ZoneFiles.name(1), 0, 80, marks);
    }

    @Test
    void theExampleIsWhatAStoreHasOnDisk() throws IOException {
        assumeTrue(Lz4.isNative(), "another compressor makes other blocks");
        String expected = String.join(
                "\n", edit(), zoneHeader(), dump("page", "1:4096", "--hex"), dump("page", "1:4352", "--hex"));
        Path file = Path.of("../docs/FORMAT.md");
        String format = Files.readString(file);
        int heading = format.indexOf(HEADING);
        int start = format.indexOf(BLOCK, heading) + BLOCK.length();
        int end = format.indexOf(BLOCK, start);
        assertTrue(heading > 0 && end >= start, () -> file + " has no '" + HEADING.strip() + "'");
        if (Boolean.getBoolean("rewrite")) {
            format = format.substring(0, start) + expected + format.substring(end);
            Files.writeString(file, format);
            end = format.indexOf(BLOCK, start);
        }
        assertEquals(
                expected,
                format.substring(start, end),
                () -> "the example in docs/FORMAT.md is to be (-Drewrite=true writes it):\n" + expected);
    }
}
