package dev.cambium.tools.load;

import dev.cambium.tools.Escapes;

/** An entry as key, tab, value. Stateless. */
final class TsvLine {
    private TsvLine() {}

    static Entry parse(byte[] line, int length) throws MalformedLineException {
        int tab = indexOfTab(line, 0, length);
        if (tab < 0) {
            throw new MalformedLineException("there is no tab between key and value");
        }
        if (indexOfTab(line, tab + 1, length) >= 0) {
            throw new MalformedLineException("there is a second tab; inside a key or value it is written \\t");
        }
        return new Entry(part("key", line, 0, tab), part("value", line, tab + 1, length));
    }

    private static int indexOfTab(byte[] line, int from, int to) {
        for (int i = from; i < to; i++) {
            if (line[i] == '\t') {
                return i;
            }
        }
        return -1;
    }

    private static byte[] part(String name, byte[] line, int from, int to) throws MalformedLineException {
        try {
            return Escapes.parse(line, from, to - from);
        } catch (IllegalArgumentException e) {
            throw new MalformedLineException("in the " + name + ": " + e.getMessage());
        }
    }
}
