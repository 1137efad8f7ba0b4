package dev.cambium.tools;

import dev.cambium.segment.format.FormatHead;
import java.io.BufferedInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/**
 * The {@code cambium} command: finds the subcommand, runs it, and turns whatever happens into one line and an exit
 * code.
 *
 * <p>{@link #run} does everything but end the JVM, so tests call it; it keeps no state.
 */
@Command(
        name = "cambium",
        mixinStandardHelpOptions = true,
        versionProvider = Cambium.Version.class,
        synopsisHeading = "Usage: ",
        customSynopsis = "cambium COMMAND STORE [ARGS]",
        description =
                "%nAn embedded, ordered key-value store. STORE is its directory; one process opens it at a time.%n",
        commandListHeading = "%nCommands (cambium COMMAND --help says more):%n",
        footer = {
            "%nExamples:",
            "  cambium demo                          see it work, in some seconds",
            "  cambium put my.db greeting hello      write a value; creates the store",
            "  cambium get my.db greeting            read it",
            "  cambium scan my.db --prefix gr        read a part in key order",
            "%nKeys and values are shown, and typed, with the escapes \\t, \\n, \\\\ and \\xHH.",
            "Behind -- nothing is an option: cambium get my.db -- -key",
            "",
            ExitCode.HELP
        })
public final class Cambium implements Runnable {
    /** What {@code --version} prints. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String built = Cambium.class.getPackage().getImplementationVersion();
            return new String[] {
                "cambium " + (built == null ? "(not packaged)" : built) + ", format " + FormatHead.MAJOR + "."
                        + FormatHead.MINOR + ", Java " + Runtime.version()
            };
        }
    }

    private static final int HELP_WIDTH = 100;

    /** How what the store warns of is printed: a line like those of the command itself. */
    private static final String WARNING_FORMAT = "java.util.logging.SimpleFormatter.format";

    @CommandLine.Spec
    private CommandSpec spec;

    public static void main(String[] args) {
        if (System.getProperty(WARNING_FORMAT) == null) {
            System.setProperty(WARNING_FORMAT, "cambium: warning: %5$s%6$s%n");
        }
        Streams streams = Streams.of(
                // buffered: on a pipe, FileInputStream's own readNBytes asks for its position and fails
                new BufferedInputStream(new FileInputStream(FileDescriptor.in)),
                new FileOutputStream(FileDescriptor.out),
                new FileOutputStream(FileDescriptor.err),
                Streams.standardErrorIsTerminal());
        System.exit(run(args, streams));
    }

    /** Runs one command line; returns the exit code. Progress is not shown. */
    public static int run(String[] args, InputStream in, OutputStream out, OutputStream err) {
        return run(args, Streams.of(in, out, err, false));
    }

    static int run(String[] args, Streams streams) {
        PrintWriter help = new PrintWriter(streams.out(), false, StandardCharsets.UTF_8);
        CommandLine cambium = new CommandLine(new Cambium())
                .addSubcommand(new DemoCommand(streams))
                .addSubcommand(new LoadCommand(streams))
                .addSubcommand(new GetCommand(streams))
                .addSubcommand(new PutCommand(streams))
                .addSubcommand(new DeleteCommand())
                .addSubcommand(new ScanCommand(streams))
                .addSubcommand(new StatsCommand(streams))
                .addSubcommand(new DumpCommand(streams))
                .addSubcommand(new VerifyCommand(streams))
                .addSubcommand(new CompactCommand(streams))
                .addSubcommand(new CleanCommand(streams))
                .addSubcommand(new DemoWriterCommand(streams));
        cambium.setOut(help)
                .setExpandAtFiles(false) // a key may begin with @
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpWidth(HELP_WIDTH)
                .setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF))
                .setParameterExceptionHandler((e, arguments) -> fail(streams, usage(e, arguments), false))
                .setExecutionExceptionHandler((e, command, parsed) -> fail(streams, e, isDebug(command)));
        int exitCode;
        try {
            exitCode = cambium.execute(args);
            help.flush();
            streams.out().flush();
        } catch (RuntimeException | Error e) { // picocli hands exceptions to the handler above, but no errors
            exitCode = fail(streams, e, false);
        }
        streams.err().flush();
        return exitCode;
    }

    private static RuntimeException usage(ParameterException e, String[] arguments) {
        CommandSpec command = e.getCommandLine().getCommandSpec();
        String unknown = Arrays.stream(arguments)
                .takeWhile(argument -> !argument.equals("--"))
                .filter(argument -> argument.startsWith("-") && argument.length() > 1)
                .filter(argument -> !command.optionsMap().containsKey(argument.replaceFirst("=.*", "")))
                .findFirst()
                .map(argument -> "; is " + argument + " no option? Put -- before it")
                .orElse("");
        return new CommandException(
                ExitCode.USAGE,
                e.getMessage().replaceFirst("[.]$", "") + unknown + " (see " + command.qualifiedName(" ") + " --help)");
    }

    private static boolean isDebug(CommandLine command) {
        return command.getCommandSpec().optionsMap().containsKey(DebugOption.NAME)
                && Boolean.TRUE.equals(
                        command.getCommandSpec().findOption(DebugOption.NAME).getValue());
    }

    private static int fail(Streams streams, Throwable failure, boolean debug) {
        streams.out().flushBeforeFailure();
        streams.err().print("cambium: " + ExitCode.message(failure) + "\n");
        if (debug) {
            failure.printStackTrace(streams.err());
        }
        return ExitCode.of(failure);
    }

    /** Called where no command is given. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "no command given");
    }
}
