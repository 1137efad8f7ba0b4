package dev.cambium.benchmarks;

/** Reads entries back and checks them. For one thread. */
final class EntryReader {
    private static final int SAMPLE = 1000;

    private final Engine engine;
    private final Values values;
    private final byte[] key = new byte[KeyForm.LENGTH];

    EntryReader(Engine engine, Values values) {
        this.engine = engine;
        this.values = values;
    }

    private byte[] get(long number) {
        KeyForm.DECIMAL.write(number, key, 0);
        return engine.get(key);
    }

    /** Gets every entry of {@code order}; of each value, length and stamp are checked. */
    void getPresent(int[] order) {
        for (int entry : order) {
            long number = EntryWriter.number(entry);
            byte[] found = get(number);
            if (!values.hasStamp(number, found)) {
                throw new WrongDataException(number, found);
            }
        }
    }

    /** Gets the absent key behind every entry of {@code order}. */
    void getAbsent(int[] order) {
        for (int entry : order) {
            long number = EntryWriter.number(entry) + 1;
            byte[] found = get(number);
            if (found != null) {
                throw new WrongDataException(number, found);
            }
        }
    }

    /** Compares a thousand entries, the last one written among them, byte by byte, and their absent neighbours. */
    void checkSample(int[] order) {
        int count = Math.min(SAMPLE, order.length);
        for (int i = 1; i <= count; i++) {
            long number = EntryWriter.number(order[(int) ((long) order.length * i / count) - 1]);
            byte[] found = get(number);
            if (!values.isValue(number, found)) {
                throw new WrongDataException(number, found);
            }
            found = get(number + 1);
            if (found != null) {
                throw new WrongDataException(number + 1, found);
            }
        }
    }
}
