package dev.cambium.segment.manifest;

import java.util.List;

/**
 * All that a manifest says. Immutable.
 *
 * @param edits in order; the first is the snapshot that the manifest began with
 * @param offsets where in the file each edit starts
 * @param validLength bytes from the start of the file to the end of the last edit
 * @param fileLength bytes in the file; where there are more than {@code validLength}, the rest is a torn tail
 * @param state what the edits come to
 */
public record ManifestReading(
        List<ManifestEdit> edits, List<Long> offsets, long validLength, long fileLength, ManifestState state) {
    public ManifestReading {
        edits = List.copyOf(edits);
        offsets = List.copyOf(offsets);
    }

    /** Whether an edit was lost whose force had not returned. Nothing is appended behind it: a new manifest is due. */
    public boolean tornTail() {
        return fileLength > validLength;
    }
}
