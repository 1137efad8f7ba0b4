package dev.cambium.tools;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A number of bytes as it is typed ({@code 512m}) and shown ({@code 21.3 MB}). */
public final class MemorySize implements ITypeConverter<Long> {
    private static final Pattern TYPED = Pattern.compile("(\\d{1,18})\\s*([kmgt]?)(i?b)?", Pattern.CASE_INSENSITIVE);

    @Override
    public Long convert(String text) {
        Matcher typed = TYPED.matcher(text.strip());
        if (!typed.matches()) {
            throw new TypeConversionException(
                    "'" + text + "' is no size: give bytes, or a number with k, m or g, such as 512m");
        }
        int unit =
                typed.group(2).isEmpty() ? 0 : 1 + "kmgt".indexOf(typed.group(2).toLowerCase(Locale.ROOT));
        long number = Long.parseLong(typed.group(1));
        if (number > Long.MAX_VALUE >> (10 * unit)) {
            throw new TypeConversionException("'" + text + "' is too large a size");
        }
        return number << (10 * unit);
    }

    /** For people: in decimal units, as disks are sold. */
    public static String show(long bytes) {
        if (bytes < 1000) {
            return bytes + " B";
        }
        double value = bytes / 1000.0;
        int unit = 0;
        while (value >= 999.95 && unit < 3) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, "%.1f %cB", value, "kMGT".charAt(unit));
    }
}
