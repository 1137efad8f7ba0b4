package dev.cambium.tools.dump;

import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.manifest.ManifestEdit;
import dev.cambium.segment.manifest.ManifestFile;
import dev.cambium.segment.manifest.ManifestRecord;
import dev.cambium.tools.CommandException;
import dev.cambium.tools.ExitCode;
import java.util.List;
import java.util.stream.Collectors;

/** Shows runs, what the manifest says of them and their trees: docs/FORMAT.md, sections 6 and 9. */
public final class RunDump {
    /** How often a writer may put a new manifest in the place of the one that is about to be read. */
    private static final int ATTEMPTS = 10;

    private final ZoneFileSystem disk;
    private final StoreFacts facts;
    private final PartWriter out;

    private RunDump(ZoneFileSystem disk, StoreFacts facts, PartWriter out) {
        this.disk = disk;
        this.facts = facts;
        this.out = out;
    }

    /**
     * Shows one run, or all, newest first; returns whether they hold.
     *
     * @param asked number of a run, 0 for all
     * @param limit nodes of each tree to be shown
     * @param entries whether those of the leaves are shown too
     */
    public static boolean run(ZoneFileSystem disk, long asked, long limit, boolean entries, PartWriter out) {
        for (int attempt = 1; ; attempt++) {
            StoreFacts facts = StoreFacts.read(disk);
            if (facts.reading() == null) {
                throw new CommandException(ExitCode.CORRUPT, "which runs there are is not known: " + facts.problem());
            }
            String name = ManifestFile.name(facts.superblock().manifestId());
            try (ZoneFile manifest =
                    attempt == ATTEMPTS ? FileReader.open(disk, name) : FileReader.openIfThere(disk, name)) {
                if (manifest != null) {
                    return new RunDump(disk, facts, out).run(manifest, asked, limit, entries);
                }
            }
        }
    }

    private boolean run(ZoneFile manifest, long asked, long limit, boolean entries) {
        List<ManifestRecord.Run> runs = facts.state().runs().stream()
                .filter(run -> asked == 0 || run.id() == asked)
                .toList();
        if (asked > 0 && runs.isEmpty()) {
            throw new CommandException(ExitCode.USAGE, "there is no run " + asked + "; " + numbers());
        }
        Part whole = new Part(manifest.name(), 0, Part.Style.LINE)
                .field("version", 0, facts.state().version())
                .field("runs", 0, (long) facts.state().runs().size())
                .field("zones", 0, (long) facts.state().zones().size())
                .brokenUnlessNull(facts.problem());
        out.write(whole);
        boolean sound = whole.holds();
        for (ManifestRecord.Run run : runs) {
            if (out.isClosed()) {
                break;
            }
            Part said = said(manifest, run);
            out.write(said);
            sound &= said.holds();
            try (TreeDump tree = new TreeDump(disk, facts, run, limit, entries, out)) {
                sound &= tree.run() || wasDropped(run);
            }
        }
        return sound;
    }

    /** Says so where a run is not whole because it has been dropped meanwhile, so that its zones may be gone. */
    private boolean wasDropped(ManifestRecord.Run run) {
        StoreFacts now = StoreFacts.read(disk);
        boolean dropped = now.problem() == null && !now.state().runs().contains(run);
        if (dropped) {
            out.write(new Part("dropped", 0, Part.Style.LINE)
                    .field("run", 0, run.id())
                    .remark("the manifest does not name the run any more, and its zones may be gone"));
        }
        return dropped;
    }

    private String numbers() {
        List<ManifestRecord.Run> runs = facts.state().runs();
        return runs.isEmpty()
                ? "there is none"
                : "there are "
                        + runs.stream().map(run -> Long.toString(run.id())).collect(Collectors.joining(", "));
    }

    /** The record of a run where it stands in the manifest; runs are said once, or again in the first edit of a manifest. */
    private Part said(ZoneFile manifest, ManifestRecord.Run run) {
        List<ManifestEdit> edits = facts.reading().edits();
        int edit = edits.size() - 1;
        while (!edits.get(edit).records().contains(run)) {
            edit--;
        }
        long start = facts.reading().offsets().get(edit);
        long end = edit + 1 < edits.size()
                ? facts.reading().offsets().get(edit + 1)
                : facts.reading().validLength();
        return ManifestField.readRun(manifest, start, end, run.id());
    }
}
