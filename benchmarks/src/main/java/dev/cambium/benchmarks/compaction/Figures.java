package dev.cambium.benchmarks.compaction;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a trial has found: numbers by name, and the engine's description of itself. Goes from the one JVM to the other as lines of text. */
final class Figures {
    private static final String PREFIX = "figure\t";
    private static final String ENGINE = "engine\t";

    private final Map<String, Double> numbers = new LinkedHashMap<>();
    private String engine = "";

    /** Sets a number. Returns this. */
    Figures with(String name, double number) {
        numbers.put(name, number);
        return this;
    }

    /** Sets the description of the engine. Returns this. */
    Figures by(String description) {
        engine = description;
        return this;
    }

    /**
     * A number.
     *
     * @throws IllegalArgumentException where there is none of that name
     */
    double get(String name) {
        Double number = numbers.get(name);
        if (number == null) {
            throw new IllegalArgumentException("there is no figure '" + name + "' among " + numbers.keySet());
        }
        return number;
    }

    String engine() {
        return engine;
    }

    boolean isEmpty() {
        return numbers.isEmpty();
    }

    /** The lines for {@link #parse}. */
    String toLines() {
        StringBuilder lines = new StringBuilder(ENGINE + engine + "\n");
        numbers.forEach((name, number) ->
                lines.append(PREFIX).append(name).append('\t').append(number).append('\n'));
        return lines.toString();
    }

    /** What {@link #toLines} has written, between lines of others. */
    static Figures parse(List<String> lines) {
        Figures figures = new Figures();
        for (String line : lines) {
            if (line.startsWith(ENGINE)) {
                figures.by(line.substring(ENGINE.length()));
            } else if (line.startsWith(PREFIX)) {
                String[] fields = line.split("\t");
                figures.with(fields[1], Double.parseDouble(fields[2]));
            }
        }
        return figures;
    }
}
