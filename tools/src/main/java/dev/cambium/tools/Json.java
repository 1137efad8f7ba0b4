package dev.cambium.tools;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/**
 * Results as JSON: one object a line. Keys and values that are no UTF-8 text stand in {@code …Hex} members. Stateless.
 */
public final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();

    /** Writes the members of an object. */
    public interface Members {
        void write(JsonGenerator json) throws IOException;
    }

    private Json() {}

    /** An object on one line, without a line break. */
    public static String object(Members members) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(text)) {
            json.writeStartObject();
            members.write(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // of a StringWriter: cannot happen
        }
        return text.toString();
    }

    /** To three decimals, which is as much as anybody reads. */
    static double rounded(double value) {
        return Math.round(value * 1000) / 1000.0;
    }

    /** Writes {@code name} with the bytes as text, or {@code nameHex} with their digits where they are none. */
    public static void writeBytes(JsonGenerator json, String name, byte[] bytes) throws IOException {
        try {
            json.writeStringField(
                    name,
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(bytes))
                            .toString());
        } catch (CharacterCodingException notText) {
            json.writeStringField(name + "Hex", HexFormat.of().formatHex(bytes));
        }
    }
}
