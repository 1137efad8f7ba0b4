package dev.cambium.tools;

import dev.cambium.segment.disk.RealFileSystem;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.log.LogFile;
import dev.cambium.segment.manifest.ManifestFile;
import dev.cambium.segment.manifest.Superblock;
import dev.cambium.segment.manifest.SuperblockFile;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.tools.dump.JsonWriter;
import dev.cambium.tools.dump.LogDump;
import dev.cambium.tools.dump.ManifestDump;
import dev.cambium.tools.dump.PageDump;
import dev.cambium.tools.dump.PartWriter;
import dev.cambium.tools.dump.RunDump;
import dev.cambium.tools.dump.SuperblockDump;
import dev.cambium.tools.dump.TextWriter;
import dev.cambium.tools.dump.WarmDump;
import dev.cambium.tools.dump.ZoneDump;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cambium dump}: shows a file of a store field by field. */
@Command(
        name = "dump",
        mixinStandardHelpOptions = true,
        versionProvider = Cambium.Version.class,
        description = {
            "Show a file of a store field by field.",
            "With offsets and the names of docs/FORMAT.md, and where it stops and why. Takes no lock and changes",
            "nothing: use it while the store is open, or where it does not open any more.",
            "",
            "  superblock  both slots",
            "  manifest    that of the superblock, or manifest-ID",
            "  log         all logs, oldest first, or log-ID: header, records, their operations",
            "  zone        all zones, or zone-ID: header, the header of each page, directory and footer",
            "  page        one page: its header, its fields, and what is in it; --hex: also its bytes",
            "  run         all runs, newest first, or run ID: what the manifest says, then the tree, each page",
            "              before its children; --entries: also the entries of the leaves",
            "  warm        which pages were in memory at the last close or checkpoint, hottest first",
            "",
            "A page is named by its pointer, 0x and hexadecimal digits, or by ZONE:OFFSET; the dumps of zones,",
            "runs and pages show both of every page. A zone is read as far as the manifest names it, and one",
            "that it does not name to its end: what does not hold there is garbage and no damage.",
            "",
            "Exits with 4 where something shown does not hold that must."
        },
        footer = {
            "%nExamples:",
            "  cambium dump my.db superblock",
            "  cambium dump my.db manifest",
            "  cambium dump my.db log 1 --limit 5       the log with id 1; file names have the id in hexadecimal",
            "  cambium dump my.db log log-0000000000000001 --json",
            "  cambium dump my.db run                   which pages there are, and how they hang together",
            "  cambium dump my.db page 1:4096 --hex     the first page of zone 1, field by field and byte by byte",
            "  cambium dump my.db zone 1 --limit 10",
            "",
            ExitCode.HELP
        })
final class DumpCommand implements Callable<Integer> {
    /** What can be shown. */
    enum Kind {
        SUPERBLOCK,
        MANIFEST,
        LOG,
        ZONE,
        PAGE,
        RUN,
        WARM
    }

    private final Streams streams;

    @Parameters(index = "0", paramLabel = "STORE", description = "The store's directory.")
    private Path directory;

    @Parameters(index = "1", paramLabel = "WHAT", description = "superblock, manifest, log, zone, page, run or warm.")
    private Kind kind;

    @Parameters(
            index = "2",
            paramLabel = "ID",
            arity = "0..1",
            description = "Which one: a number, 0x and hexadecimal digits, or the file's name; of a page its pointer.")
    private String id;

    @Option(
            names = "--limit",
            paramLabel = "N",
            description = "Show N records a log, N edits, N pages a zone, run or warm list, or N things in a page.")
    private long limit = Long.MAX_VALUE;

    @Option(names = "--entries", description = "Of a run, show the entries of its leaves too.")
    private boolean entries;

    @Option(names = "--hex", description = "Of a page, show the bytes too, stored and raw, and what they are.")
    private boolean hex;

    @Mixin
    private JsonOption json;

    @Mixin
    private DebugOption debug;

    DumpCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        if (limit < 0) {
            throw new IllegalArgumentException("--limit is " + limit + ", must be 0 or more");
        }
        if (entries && kind != Kind.RUN || hex && kind != Kind.PAGE) {
            throw new IllegalArgumentException("--entries is for runs, --hex for a page");
        }
        StoreArguments.requireNoFile(directory);
        ZoneFileSystem disk = new RealFileSystem(directory);
        PartWriter out = json.isSet() ? new JsonWriter(streams.out()) : new TextWriter(streams.out());
        boolean sound =
                switch (kind) {
                    case SUPERBLOCK -> superblock(disk, out);
                    case MANIFEST -> manifest(disk, out);
                    case LOG -> logs(disk, out);
                    case ZONE -> zones(disk, out);
                    case PAGE -> PageDump.run(disk, id, limit, hex, out);
                    case RUN -> runs(disk, out);
                    case WARM -> warm(disk, out);
                };
        return sound ? ExitCode.OK : ExitCode.CORRUPT;
    }

    private boolean superblock(ZoneFileSystem disk, PartWriter out) {
        if (id != null) {
            throw new IllegalArgumentException("there is one superblock; it has no ID");
        }
        return SuperblockDump.run(disk, out);
    }

    private boolean manifest(ZoneFileSystem disk, PartWriter out) {
        long asked = id == null ? 0 : id(id, ManifestFile.idOf(id));
        if (asked > 0 && !disk.exists(SuperblockFile.NAME)) {
            return ManifestDump.run(disk, asked, 0, limit, out);
        }
        requireStore(disk);
        Superblock current = SuperblockFile.open(disk).current();
        long shown = asked > 0 ? asked : current.manifestId();
        return ManifestDump.run(disk, shown, shown == current.manifestId() ? current.manifestLength() : 0, limit, out);
    }

    private boolean logs(ZoneFileSystem disk, PartWriter out) {
        if (id != null) {
            return LogDump.run(disk, id(id, LogFile.idOf(id)), limit, out);
        }
        requireStore(disk);
        List<String> logs =
                disk.list().stream().filter(name -> LogFile.idOf(name) > 0).toList();
        boolean sound = true;
        for (String log : logs) {
            if (!out.isClosed()) {
                sound &= LogDump.run(disk, LogFile.idOf(log), limit, out);
            }
        }
        return sound;
    }

    private boolean zones(ZoneFileSystem disk, PartWriter out) {
        if (id != null) {
            return ZoneDump.run(disk, id(id, ZoneFiles.numberOf(id)), limit, out);
        }
        boolean hasZones =
                disk.directoryExists() && disk.list().stream().anyMatch(name -> ZoneFiles.numberOf(name) > 0);
        if (!hasZones) {
            requireStore(disk);
        }
        return ZoneDump.run(disk, 0, limit, out);
    }

    private boolean runs(ZoneFileSystem disk, PartWriter out) {
        long asked = id == null ? 0 : id(id, -1);
        requireStore(disk);
        return RunDump.run(disk, asked, limit, entries, out);
    }

    private boolean warm(ZoneFileSystem disk, PartWriter out) {
        if (id != null) {
            throw new IllegalArgumentException("there is one list of warm pages; it has no ID");
        }
        return WarmDump.run(disk, limit, out);
    }

    private static void requireStore(ZoneFileSystem disk) {
        if (!disk.directoryExists() || !disk.exists(SuperblockFile.NAME)) {
            throw new CommandException(ExitCode.USAGE, "there is no store at " + disk.describe());
        }
    }

    private static long id(String text, long ofFileName) {
        if (ofFileName > 0) {
            return ofFileName;
        }
        try {
            long id = text.startsWith("0x") ? Long.parseLong(text.substring(2), 16) : Long.parseLong(text);
            if (id > 0) {
                return id;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no ID: give a number, 0x and hexadecimal digits, or a file's name", e);
        }
        throw new IllegalArgumentException("the ID is " + text + ", must be 1 or more");
    }
}
