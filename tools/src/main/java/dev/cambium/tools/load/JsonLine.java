package dev.cambium.tools.load;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * An entry as a JSON object with {@code key} or {@code keyHex}, and {@code value} or {@code valueHex}; nothing else.
 * Stateless.
 */
final class JsonLine {
    private static final JsonFactory FACTORY = new JsonFactory();

    private JsonLine() {}

    static Entry parse(byte[] line, int length) throws MalformedLineException {
        try (JsonParser json = FACTORY.createParser(line, 0, length)) {
            return parse(json);
        } catch (JsonProcessingException e) {
            throw new MalformedLineException("no valid JSON: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new UncheckedIOException(e); // of a byte array: cannot happen
        }
    }

    private static Entry parse(JsonParser json) throws IOException, MalformedLineException {
        if (json.nextToken() != JsonToken.START_OBJECT) {
            throw new MalformedLineException("no JSON object");
        }
        byte[] key = null;
        byte[] value = null;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            if (json.nextToken() != JsonToken.VALUE_STRING) {
                throw new MalformedLineException("the member \"" + name + "\" is no string");
            }
            switch (name) {
                case "key" -> key = once("key", key, text(name, json.getText()));
                case "keyHex" -> key = once("key", key, digits(name, json.getText()));
                case "value" -> value = once("value", value, text(name, json.getText()));
                case "valueHex" -> value = once("value", value, digits(name, json.getText()));
                default ->
                    throw new MalformedLineException(
                            "unknown member \"" + name + "\"; there are key, keyHex, value and valueHex");
            }
        }
        if (key == null || value == null) {
            throw new MalformedLineException("the " + (key == null ? "key" : "value") + " is missing");
        }
        if (json.nextToken() != null) {
            throw new MalformedLineException("there is more behind the object");
        }
        return new Entry(key, value);
    }

    private static byte[] once(String what, byte[] before, byte[] now) throws MalformedLineException {
        if (before != null) {
            throw new MalformedLineException("the " + what + " is given twice");
        }
        return now;
    }

    private static byte[] text(String name, String text) throws MalformedLineException {
        try {
            ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            byte[] bytes = new byte[encoded.remaining()];
            encoded.get(bytes);
            return bytes;
        } catch (CharacterCodingException e) {
            throw new MalformedLineException("the member \"" + name + "\" has half a surrogate pair");
        }
    }

    private static byte[] digits(String name, String text) throws MalformedLineException {
        try {
            return HexFormat.of().parseHex(text);
        } catch (IllegalArgumentException e) {
            throw new MalformedLineException("the member \"" + name + "\" is not an even number of hexadecimal digits");
        }
    }
}
