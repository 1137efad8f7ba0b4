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

    /** Gets every {@code step}th entry of {@code order} from {@code first} on; of each value, length and stamp are checked. */
    void getPresent(int[] order, int first, int step) {
        for (int i = first; i < order.length; i += step) {
            long number = EntryWriter.number(order[i]);
            byte[] found = get(number);
            if (!values.hasStamp(number, found)) {
                throw new WrongDataException(number, found);
            }
        }
    }

    /** Goes through all entries, in one direction. */
    void scan(int count, boolean upwards) {
        try (EntryCursor cursor = engine.cursor()) {
            int seen = 0;
            for (boolean on = upwards ? cursor.first() : cursor.last();
                    on;
                    on = upwards ? cursor.next() : cursor.previous()) {
                check(cursor, EntryWriter.number(upwards ? seen : count - 1 - seen));
                seen++;
            }
            if (seen != count) {
                throw new WrongDataException(EntryWriter.number(seen), null);
            }
        }
    }

    /** Seeks every entry of {@code order} with one cursor, and reads some entries from there. */
    void seekAll(int[] order, int entries) {
        try (EntryCursor cursor = engine.cursor()) {
            for (int entry : order) {
                KeyForm.DECIMAL.write(EntryWriter.number(entry), key, 0);
                boolean on = cursor.seek(key);
                int last = Math.min(order.length, entry + entries);
                for (int at = entry; at < last; at++) {
                    if (!on) {
                        throw new WrongDataException(EntryWriter.number(at), null);
                    }
                    check(cursor, EntryWriter.number(at));
                    on = cursor.next();
                }
            }
        }
    }

    private void check(EntryCursor cursor, long number) {
        byte[] found = cursor.value();
        if (cursor.key().length != KeyForm.LENGTH || !values.hasStamp(number, found)) {
            throw new WrongDataException(number, found);
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
