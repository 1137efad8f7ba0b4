package dev.cambium.tools;

import dev.cambium.Durability;
import dev.cambium.Keyspace;
import dev.cambium.Store;
import dev.cambium.error.StoreException;
import dev.cambium.tools.load.Format;
import dev.cambium.tools.load.Lines;
import dev.cambium.tools.load.Loader;
import dev.cambium.tools.load.MalformedLineException;
import dev.cambium.tools.load.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code cambium load}: writes the entries of a text file, or of standard input. */
@Command(
        name = "load",
        mixinStandardHelpOptions = true,
        versionProvider = Cambium.Version.class,
        description = {
            "Write many entries from a file or standard input, one a line.",
            "Creates the store, and the keyspace, where there is none.",
            "",
            "  tsv    KEY<tab>VALUE, with the escapes \\t, \\n, \\\\ and \\xHH",
            "  jsonl  {\"key\": \"…\", \"value\": \"…\"}; keyHex and valueHex hold binary ones as digits",
            "",
            "",
            "Empty lines are passed over. At a malformed line it stops, with the lines before it loaded, and",
            "exits with 1; with --skip-bad it goes on, counts them and exits with 0.",
            "When the command ends, all that it loaded survives a power loss."
        },
        footer = {
            "%nExamples:",
            "  cambium load my.db data.tsv",
            "  cambium scan my.db --json | cambium load copy.db",
            "  printf 'a\\t1\\nb\\t2\\n' | cambium load my.db - --keyspace users",
            "",
            ExitCode.HELP
        })
final class LoadCommand implements Callable<Integer> {
    private static final int BAD_LINES_SHOWN = 10;

    private final Streams streams;

    @Mixin
    private StoreArguments arguments;

    @Parameters(
            index = "1",
            paramLabel = "FILE",
            arity = "0..1",
            description = "What to read; - or none: standard input.")
    private String file = "-";

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description = "${COMPLETION-CANDIDATES}; guessed from the file's name or first byte unless given.")
    private Format format;

    @Option(names = "--skip-bad", description = "Go on after a malformed line.")
    private boolean skipBad;

    @Option(
            names = "--batch",
            paramLabel = "N",
            description = "Write N entries at once, all or nothing; 1000 unless given.")
    private int batchEntries = 1000;

    @Option(
            names = "--durability",
            paramLabel = "LEVEL",
            description = "What each batch waits for: ${COMPLETION-CANDIDATES}; BUFFERED unless given.")
    private Durability durability = Durability.BUFFERED;

    @Mixin
    private KeyspaceOption keyspace;

    @Mixin
    private JsonOption json;

    @Mixin
    private DebugOption debug;

    private long skipped;

    LoadCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException {
        if (batchEntries < 1) {
            throw new IllegalArgumentException("--batch is " + batchEntries + ", must be 1 or more");
        }
        if (file.equals("-")) {
            return load(streams.in(), -1);
        }
        Path path = Path.of(file);
        if (!Files.exists(path) || Files.isDirectory(path)) {
            throw new CommandException(
                    ExitCode.USAGE, Files.exists(path) ? path + " is a directory" : "there is no file " + path);
        }
        try (InputStream input = Files.newInputStream(path)) {
            return load(input, Files.isRegularFile(path) ? Files.size(path) : -1);
        }
    }

    private int load(InputStream input, long totalBytes) throws IOException {
        long started = System.nanoTime();
        try (Store store = arguments.openOrCreate()) {
            Keyspace target = keyspace.name() == null ? null : store.keyspace(keyspace.name());
            Loader loader = new Loader(store, target, batchEntries, durability);
            Lines lines = openLines(input);
            Format used = format != null ? format : Format.guess(file, lines.firstByte());
            try (Progress progress = new Progress(streams.errIsTerminal() ? streams.err() : null, "entries")) {
                while (next(lines, loader)) {
                    addLine(used, lines, loader, progress);
                    progress.update(loader.written(), lines.consumedBytes(), totalBytes);
                }
                loader.finish();
            } catch (StoreException e) {
                throw new CommandException(
                        ExitCode.of(e),
                        place(lines) + ": " + ExitCode.message(e) + " (loaded before it: " + loader.written() + ")",
                        e);
            }
            report(loader, (System.nanoTime() - started) / 1e9);
        }
        return ExitCode.OK;
    }

    private Lines openLines(InputStream input) {
        try {
            return new Lines(input);
        } catch (IOException e) {
            throw new CommandException(ExitCode.IO, "cannot read " + name() + ": " + e.getMessage(), e);
        }
    }

    /** Goes to the next line; where it cannot be read, what came before is written first. */
    private boolean next(Lines lines, Loader loader) {
        try {
            return lines.next();
        } catch (IOException e) {
            loader.finish();
            throw new CommandException(
                    ExitCode.IO,
                    "cannot read " + name() + " behind line " + lines.number() + ": " + e.getMessage()
                            + " (loaded before it: " + loader.written() + ")",
                    e);
        }
    }

    private void addLine(Format used, Lines lines, Loader loader, Progress progress) {
        if (lines.length() == 0 && !lines.isTooLong()) {
            return;
        }
        try {
            if (lines.isTooLong()) {
                throw new MalformedLineException("it is longer than " + Lines.MAX_LENGTH + " bytes");
            }
            loader.add(used.parse(lines.bytes(), lines.length()));
        } catch (MalformedLineException e) {
            if (!skipBad) {
                loader.finish();
                throw new CommandException(
                        ExitCode.NO,
                        place(lines) + ": " + e.getMessage() + " (read as "
                                + used.name().toLowerCase(Locale.ROOT) + "; loaded before it: " + loader.written()
                                + "; --skip-bad goes on)",
                        e);
            }
            if (skipped++ < BAD_LINES_SHOWN) {
                progress.close();
                streams.err().print("cambium: skipped " + place(lines) + ": " + e.getMessage() + "\n");
            }
        }
    }

    private String place(Lines lines) {
        return name() + ":" + lines.number();
    }

    private String name() {
        return file.equals("-") ? "standard input" : file;
    }

    private void report(Loader loader, double seconds) {
        if (json.isSet()) {
            streams.out().line(Json.object(object -> {
                object.writeNumberField("loaded", loader.written());
                object.writeNumberField("skipped", skipped);
                object.writeNumberField("bytes", loader.bytes());
                object.writeNumberField("seconds", Math.round(seconds * 1000) / 1000.0);
            }));
        } else {
            streams.out()
                    .line(
                            "loaded %,d entries, %s, in %.2f s%s",
                            loader.written(),
                            MemorySize.show(loader.bytes()),
                            seconds,
                            skipped > 0 ? String.format(Locale.ROOT, "; skipped %,d malformed lines", skipped) : "");
        }
    }
}
