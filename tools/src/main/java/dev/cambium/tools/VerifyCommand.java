package dev.cambium.tools;

import dev.cambium.Store;
import dev.cambium.VerifyReport;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code cambium verify}: reads every used byte of a store and lists what is damaged. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        versionProvider = Cambium.Version.class,
        description = {
            "Read every used byte of a store and list what is damaged.",
            "The store must not be open; nothing in it is changed. Exits with 1 where there are findings."
        },
        footer = {"%nExamples:", "  cambium verify my.db", "  cambium verify my.db --json", "", ExitCode.HELP})
final class VerifyCommand implements Callable<Integer> {
    private final Streams streams;

    @Parameters(index = "0", paramLabel = "STORE", description = "The store's directory.")
    private Path directory;

    @Mixin
    private JsonOption json;

    @Mixin
    private DebugOption debug;

    VerifyCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() {
        StoreArguments.requireNoFile(directory);
        VerifyReport report = Store.verify(directory);
        if (json.isSet()) {
            streams.out().line(toJson(report));
        } else {
            for (VerifyReport.Finding finding : report.findings()) {
                streams.out().line(finding.problem());
            }
            streams.out()
                    .line(
                            "%s: %d files, %s; %d batches in logs, %d entries in %d runs of %d pages; %s",
                            report.isSound()
                                    ? "sound"
                                    : report.findings().size()
                                            + (report.findings().size() == 1 ? " finding" : " findings"),
                            report.files(),
                            MemorySize.show(report.bytes()),
                            report.batches(),
                            report.entries(),
                            report.runs(),
                            report.pages(),
                            report.cleanClose() ? "the last writer closed it" : "the last writer did not close it");
        }
        return report.isSound() ? ExitCode.OK : ExitCode.NO;
    }

    private static String toJson(VerifyReport report) {
        return Json.object(object -> {
            object.writeBooleanField("sound", report.isSound());
            object.writeArrayFieldStart("findings");
            for (VerifyReport.Finding finding : report.findings()) {
                object.writeStartObject();
                object.writeStringField("file", finding.file());
                object.writeNumberField("offset", finding.offset());
                object.writeStringField("problem", finding.problem());
                object.writeEndObject();
            }
            object.writeEndArray();
            object.writeNumberField("files", report.files());
            object.writeNumberField("bytes", report.bytes());
            object.writeNumberField("batches", report.batches());
            object.writeNumberField("runs", report.runs());
            object.writeNumberField("pages", report.pages());
            object.writeNumberField("entries", report.entries());
            object.writeBooleanField("cleanClose", report.cleanClose());
        });
    }
}
