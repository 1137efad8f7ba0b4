package dev.cambium.segment.zone;

/** The names of zone files: {@code zone-} and 16 hexadecimal digits. Stateless. */
public final class ZoneFiles {
    private static final String PREFIX = "zone-";

    private ZoneFiles() {}

    public static String name(int zone) {
        return String.format("%s%016x", PREFIX, zone);
    }

    /** The number in the file name of a zone, or -1 where the name is none. */
    public static long numberOf(String name) {
        if (name.length() != PREFIX.length() + 16 || !name.startsWith(PREFIX)) {
            return -1;
        }
        long number = 0;
        for (int i = PREFIX.length(); i < name.length(); i++) {
            int digit = "0123456789abcdef".indexOf(name.charAt(i));
            if (digit < 0 || number >>> 59 != 0) {
                return -1;
            }
            number = number << 4 | digit;
        }
        return number;
    }
}
