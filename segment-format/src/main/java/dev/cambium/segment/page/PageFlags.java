package dev.cambium.segment.page;

/** The flags of leaves and key pages, in their {@link PageHeader}. */
public final class PageFlags {
    /** All key tails have one length; there is no {@code tailStart}. */
    public static final int FIXED_KEYS = 1;

    /** All values have one length; there is no {@code valueStart}. */
    public static final int FIXED_VALUES = 2;

    /** Some entry is not a PUT; there is a column of operation codes. */
    public static final int OPERATIONS = 4;

    /** Some entry expires; reserved. */
    public static final int EXPIRY = 8;

    /** Offset arrays have four bytes an element instead of two. */
    public static final int WIDE = 16;

    private PageFlags() {}
}
