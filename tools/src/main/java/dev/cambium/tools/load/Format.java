package dev.cambium.tools.load;

import java.util.Locale;

/** How a line says an entry. */
public enum Format {
    /** Key, tab, value, both with the escapes {@code \t \n \\ \xHH}. */
    TSV {
        @Override
        public Entry parse(byte[] line, int length) throws MalformedLineException {
            return TsvLine.parse(line, length);
        }
    },

    /** {@code {"key": …, "value": …}}, or {@code keyHex} and {@code valueHex}. */
    JSONL {
        @Override
        public Entry parse(byte[] line, int length) throws MalformedLineException {
            return JsonLine.parse(line, length);
        }
    };

    /** The entry on a line. */
    public abstract Entry parse(byte[] line, int length) throws MalformedLineException;

    /** What a file holds, by its name if that tells, else by its first byte (-1 where it is empty). */
    public static Format guess(String fileName, int firstByte) {
        String name = fileName.toLowerCase(Locale.ROOT);
        if (name.endsWith(".tsv")) {
            return TSV;
        }
        if (name.endsWith(".jsonl") || name.endsWith(".ndjson") || name.endsWith(".json")) {
            return JSONL;
        }
        return firstByte == '{' ? JSONL : TSV;
    }
}
