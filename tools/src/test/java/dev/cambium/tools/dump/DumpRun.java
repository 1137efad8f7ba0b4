package dev.cambium.tools.dump;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.cambium.tools.Cambium;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One {@code dump}, run in this process, and what came of it. */
record DumpRun(int exitCode, String out, String err) {
    static DumpRun of(Path directory, String... rest) {
        String[] arguments = new String[rest.length + 2];
        arguments[0] = "dump";
        arguments[1] = directory.toString();
        System.arraycopy(rest, 0, arguments, 2, rest.length);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int exitCode = Cambium.run(arguments, InputStream.nullInputStream(), out, err);
        return new DumpRun(exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** Throws unless the exit code is this one and nothing went to standard error. */
    DumpRun requireExit(int expected) {
        assertEquals("", err);
        assertEquals(expected, exitCode, out);
        return this;
    }

    /** Throws unless this is a mistake of the caller, told in one line that has {@code part} in it; nothing was shown. */
    void requireMistake(String part) {
        assertEquals(2, exitCode, out);
        assertEquals("", out);
        assertEquals(1, err.lines().count(), err);
        assertTrue(err.startsWith("cambium: ") && err.contains(part), err);
    }

    DumpRun requireText(String part) {
        assertTrue(out.contains(part), () -> "no '" + part + "' in:\n" + out);
        return this;
    }

    /** How many lines have a text in them. */
    long count(String part) {
        return out.lines().filter(line -> line.contains(part)).count();
    }

    /** The objects of a dump with {@code --json}; numbers are longs. */
    @SuppressWarnings("unchecked")
    List<Map<String, Object>> parts() throws IOException {
        List<Map<String, Object>> parts = new ArrayList<>();
        for (String line : out.split("\n")) {
            try (JsonParser json = new JsonFactory().createParser(line)) {
                json.nextToken();
                parts.add((Map<String, Object>) value(json));
                assertNull(json.nextToken(), line);
            }
        }
        return parts;
    }

    /** The parts of this name. */
    List<Map<String, Object>> parts(String name) throws IOException {
        return parts().stream().filter(part -> part.get("part").equals(name)).toList();
    }

    /** The fields of a part. */
    @SuppressWarnings("unchecked")
    static Map<String, Object> fields(Map<String, Object> part) {
        return (Map<String, Object>) part.get("fields");
    }

    /** A member of a pointer. */
    @SuppressWarnings("unchecked")
    static Object member(Object pointer, String member) {
        return ((Map<String, Object>) pointer).get(member);
    }

    private static Object value(JsonParser json) throws IOException {
        JsonToken token = json.currentToken();
        if (token == JsonToken.START_OBJECT) {
            Map<String, Object> members = new LinkedHashMap<>();
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String name = json.currentName();
                json.nextToken();
                assertNull(members.put(name, value(json)), name);
            }
            return members;
        } else if (token == JsonToken.START_ARRAY) {
            List<Object> elements = new ArrayList<>();
            while (json.nextToken() != JsonToken.END_ARRAY) {
                elements.add(value(json));
            }
            return elements;
        }
        return token == JsonToken.VALUE_NUMBER_INT
                ? (Object) json.getLongValue()
                : token.isBoolean() ? (Object) json.getBooleanValue() : json.getText();
    }
}
