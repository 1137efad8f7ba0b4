package dev.cambium.tools;

import dev.cambium.ZoneStats;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Numbers of zones as they are typed: {@code 3,7,9-12}. A number means that zone; from one to another means those that
 * there are, since numbers are never used again and have gaps. Immutable.
 */
final class ZoneNumbers {
    private static final Pattern PART = Pattern.compile("(\\d{1,9})(?:-(\\d{1,9}))?");

    private record Part(int first, int last) {}

    private final String option;
    private final String typed;
    private final List<Part> parts = new ArrayList<>();

    private ZoneNumbers(String option, String typed) {
        this.option = option;
        this.typed = typed;
    }

    /** What an option was given; null for null. */
    static ZoneNumbers parse(String option, String typed) {
        if (typed == null) {
            return null;
        }
        ZoneNumbers numbers = new ZoneNumbers(option, typed);
        for (String text : typed.split(",", -1)) {
            Matcher part = PART.matcher(text.strip());
            if (!part.matches()) {
                throw new IllegalArgumentException(
                        option + " '" + typed + "': '" + text + "' is no number of a zone; give 3,7,9-12");
            }
            int first = Integer.parseInt(part.group(1));
            int last = part.group(2) == null ? first : Integer.parseInt(part.group(2));
            if (last < first) {
                throw new IllegalArgumentException(option + " '" + typed + "': " + first + " is behind " + last
                        + "; write the lower number first");
            }
            numbers.parts.add(new Part(first, last));
        }
        return numbers;
    }

    /** The numbers that are meant, of a store with those zones; a single one need not be among them. */
    SortedSet<Integer> among(List<ZoneStats> zones) {
        SortedSet<Integer> chosen = new TreeSet<>();
        for (Part part : parts) {
            if (part.first == part.last) {
                chosen.add(part.first);
                continue;
            }
            boolean isThere = false;
            for (ZoneStats zone : zones) {
                if (zone.number() >= part.first && zone.number() <= part.last) {
                    chosen.add(zone.number());
                    isThere = true;
                }
            }
            if (!isThere) {
                throw new IllegalArgumentException(
                        option + " '" + typed + "': there is no zone from " + part.first + " to " + part.last);
            }
        }
        return chosen;
    }
}
