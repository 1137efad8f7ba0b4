package dev.cambium.tools;

/**
 * Keys from one on and below another, as they are typed: {@code A..B}, either side empty for no bound.
 *
 * @param from null for no bound
 * @param to null for no bound
 */
record KeyBounds(byte[] from, byte[] to) {
    private static final String DOTS = "..";

    /** What an option was given; null for null. */
    static KeyBounds parse(String option, String typed) {
        if (typed == null) {
            return null;
        }
        int dots = typed.indexOf(DOTS);
        if (dots < 0) {
            throw new IllegalArgumentException(option + " '" + typed
                    + "' has no '..': give A..B for the keys from A on and below B; A or B may be left out");
        }
        if (typed.indexOf(DOTS, dots + 1) >= 0) {
            throw new IllegalArgumentException(
                    option + " '" + typed + "' has '..' more than once; write a dot of a key as \\x2E");
        }
        return new KeyBounds(
                bound(option, typed.substring(0, dots)), bound(option, typed.substring(dots + DOTS.length())));
    }

    private static byte[] bound(String option, String typed) {
        return typed.isEmpty() ? null : Escapes.parse(option, typed);
    }
}
