package dev.cambium.tools.dump;

import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.format.ChecksumSeed;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.manifest.ManifestFile;
import dev.cambium.segment.memory.Memory;

/** Shows a manifest: docs/FORMAT.md, section 6. */
public final class ManifestDump {
    private static final int HEADER_CRC_OFFSET = 60;
    private static final int MIN_EDIT_LENGTH = 32;
    private static final int MAX_EDIT_LENGTH = 1 << 26;
    private static final int ALIGNMENT = 8;

    private static final Layout HEADER =
            Layout.head().zero(4).id("storeId").u64("manifestId").zero(12).hex("crc", 4);
    private static final Layout EDIT =
            Layout.empty().hex("crc", 4).u32("length").u64("version");

    private final PartWriter out;
    private final Memory all;
    private final int end;
    private final long id;
    private boolean sound = true;

    private ManifestDump(PartWriter out, Memory all, int end, long id) {
        this.out = out;
        this.all = all;
        this.end = end;
        this.id = id;
    }

    /**
     * Shows it; returns whether all up to its end holds, a torn tail excepted.
     *
     * @param forcedLength what the superblock says of this manifest, or 0
     * @param limit edits to be shown
     */
    public static boolean run(ZoneFileSystem disk, long id, long forcedLength, long limit, PartWriter out) {
        try (ZoneFile file = FileReader.open(disk, ManifestFile.name(id))) {
            long length = file.length();
            out.write(new Part(file.name(), 0, Part.Style.LINE).remark(length + " bytes"));
            int read = (int) Math.min(length, ManifestFile.MAX_FILE_LENGTH);
            Memory all = FileReader.read(file, Math.max(ManifestFile.HEADER_LENGTH, read));
            try {
                return new ManifestDump(out, all, read, id).run(forcedLength, limit);
            } finally {
                all.release();
            }
        }
    }

    private boolean run(long forcedLength, long limit) {
        Part header = new Part("header", 0, Part.Style.BLOCK);
        FileReader.checkHead(header, all, 0, "CAMB-MAN", HEADER_CRC_OFFSET);
        HEADER.read(header, all, 0, 0);
        out.write(header);
        sound &= header.holds();
        int at = ManifestFile.HEADER_LENGTH;
        String reason = "the file ends";
        for (long edits = 0; at < end && !out.isClosed(); edits++) {
            String invalid = invalid(at);
            if (invalid != null) {
                reason = invalid;
                break;
            }
            if (edits == limit) {
                reason = "--limit is reached";
                out.write(new Part("end", at, Part.Style.LINE).remark("stops here: " + reason));
                return sound;
            }
            int length = all.getInt(at + 4);
            out.write(edit(at, length));
            at += length;
        }
        out.write(end(at, reason, forcedLength));
        return sound;
    }

    /** Why no edit that holds stands at an offset, or null. */
    private String invalid(int at) {
        if (end - at < MIN_EDIT_LENGTH) {
            return "only " + (end - at) + " bytes are left";
        }
        long length = all.getUnsignedInt(at + 4);
        if (length < MIN_EDIT_LENGTH || length > Math.min(MAX_EDIT_LENGTH, end - at) || length % ALIGNMENT != 0) {
            return "the length " + length + " is not one of an edit in " + (end - at) + " bytes";
        }
        int crc = FormatHead.crc(all, at + 4, (int) length - 4) ^ ChecksumSeed.of(id, at);
        return all.getInt(at) == crc ? null : "the crc of the edit does not hold";
    }

    private Part edit(int at, int length) {
        Part edit = new Part("edit", at, Part.Style.LINE);
        EDIT.read(edit, all, at, at);
        int fieldAt = at + EDIT.length();
        int editEnd = at + length;
        while (editEnd - fieldAt >= 8) {
            long valueLength = all.getUnsignedInt(fieldAt + 4);
            if (valueLength > editEnd - fieldAt - 8) {
                edit.broken("the field at " + fieldAt + " is longer than the edit");
                break;
            }
            edit.child(ManifestField.read(all, fieldAt, (int) valueLength, 0, Part.Style.LINE));
            fieldAt += ManifestField.paddedLength(valueLength);
        }
        sound &= edit.holds() && edit.children().stream().allMatch(Part::holds);
        return edit;
    }

    private Part end(int at, String reason, long forcedLength) {
        Part last = new Part("end", at, Part.Style.LINE).remark("stops here: " + reason);
        if (at < forcedLength) {
            sound = false;
            return last.broken("DAMAGED, the superblock says that " + forcedLength + " bytes were forced");
        }
        for (int later = at + ALIGNMENT; later < end; later += ALIGNMENT) {
            if (invalid(later) == null) {
                sound = false;
                return last.broken("DAMAGED, an edit that holds follows at " + later);
            }
        }
        return at < end ? last.remark("a torn tail, whose force had not returned") : last;
    }
}
