package dev.cambium.compaction;

/**
 * How long raw pages become, in bytes, header included; a page of one entry may be longer.
 *
 * @param leaf of leaves
 * @param keys of key pages
 * @param values of value pages
 */
public record PageSizes(int leaf, int keys, int values) {
    /** What a store uses. */
    public static final PageSizes DEFAULT = new PageSizes(1 << 14, 1 << 14, 1 << 14);

    public PageSizes {
        for (int size : new int[] {leaf, keys, values}) {
            if (size < 512 || size > 1 << 22) {
                throw new IllegalArgumentException("a page size is " + size + ", must be 512 to 4194304");
            }
        }
    }

    /** All pages of one size. */
    public static PageSizes of(int size) {
        return new PageSizes(size, size, size);
    }
}
