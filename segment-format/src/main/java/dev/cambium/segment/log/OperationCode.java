package dev.cambium.segment.log;

/**
 * What an operation does: the byte that opens it. 1 to 10 are given out, 11 to 31 are free for versions to come, 32 to 255
 * will never be used.
 */
public final class OperationCode {
    public static final int PUT = 1;
    public static final int DELETE = 2;

    /** A put whose value stands elsewhere: in a value page or in chunks. In logs and memtables, in chunks only. */
    public static final int PUT_REF = 3;

    /** Reserved. */
    public static final int MERGE = 4;

    /** Reserved. */
    public static final int RANGE_DELETE = 5;

    /** Reserved: a put that ends by itself. */
    public static final int PUT_EXPIRY = 6;

    /** Creates a keyspace: the key is its id, the value its name. */
    public static final int KEYSPACE = 7;

    /** Reserved. */
    public static final int PREPARE = 8;

    /** Reserved. */
    public static final int COMMIT = 9;

    /** Reserved. */
    public static final int ABORT = 10;

    private static final int LAST_FREE = 31;

    private static final String[] NAMES = {
        null,
        "PUT",
        "DELETE",
        "PUT_REF",
        "MERGE",
        "RANGE_DELETE",
        "PUT_EXPIRY",
        "KEYSPACE",
        "PREPARE",
        "COMMIT",
        "ABORT"
    };

    private OperationCode() {}

    /** Whether this version writes and reads the code. */
    public static boolean isSupported(int code) {
        return code == PUT || code == DELETE || code == PUT_REF || code == KEYSPACE;
    }

    /** Whether a newer version may write the code where this one does not read it. */
    public static boolean isReserved(int code) {
        return code > 0 && code <= LAST_FREE;
    }

    /** How the code is called in messages; every byte has a name. */
    public static String name(int code) {
        if (code > 0 && code < NAMES.length) {
            return NAMES[code];
        }
        return code > 0 && code <= LAST_FREE ? "UNKNOWN_" + code : "INVALID_" + code;
    }
}
