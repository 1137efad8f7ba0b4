package dev.cambium.segment.page;

/** What a page holds; three bits of its {@link Pointer}. */
public final class PageKind {
    /** Sorted entries: {@link LeafPage}. */
    public static final int LEAF = 1;

    /** Values that leaves refer to: {@link ValuePage}. */
    public static final int VALUES = 2;

    /** Separators and children: {@link KeyPage}. */
    public static final int KEYS = 3;

    /** A filter over the keys below a key page: {@link FilterPage}. */
    public static final int FILTER = 4;

    /** The pages of a value of more than 1 MiB: {@link ChunkList}. */
    public static final int CHUNKS = 5;

    private static final int LAST_RESERVED = 7;

    private PageKind() {}

    /** The name in FORMAT.md, or "unknown". */
    public static String name(int kind) {
        return switch (kind) {
            case LEAF -> "leaf";
            case VALUES -> "values";
            case KEYS -> "keys";
            case FILTER -> "filter";
            case CHUNKS -> "chunk list";
            default -> "unknown";
        };
    }

    /** Whether pages of this kind are read by this version. */
    public static boolean isKnown(int kind) {
        return kind >= LEAF && kind <= CHUNKS;
    }

    /** Whether a newer version may write pages of this kind where this one does not read them. */
    static boolean isReserved(int kind) {
        return kind > CHUNKS && kind <= LAST_RESERVED;
    }
}
