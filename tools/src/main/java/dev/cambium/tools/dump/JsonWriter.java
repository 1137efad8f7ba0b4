package dev.cambium.tools.dump;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.cambium.tools.Json;
import dev.cambium.tools.Output;
import java.io.IOException;

/** Parts as JSON, one object a line, nothing cut: part, offset, holds, remark, the fields, and the parts inside. */
public final class JsonWriter implements PartWriter {
    private final Output out;

    public JsonWriter(Output out) {
        this.out = out;
    }

    @Override
    public void write(Part part) {
        out.line(Json.object(json -> writeMembers(json, part)));
    }

    private static void writeMembers(JsonGenerator json, Part part) throws IOException {
        json.writeStringField("part", part.name());
        json.writeNumberField("offset", part.offset());
        json.writeBooleanField("holds", part.holds());
        if (!part.remark().isEmpty()) {
            json.writeStringField("remark", part.remark());
        }
        if (!part.fields().isEmpty()) {
            json.writeObjectFieldStart("fields");
            for (Part.Field field : part.fields()) {
                if (field.value() instanceof Long number) {
                    json.writeNumberField(field.name(), number);
                } else if (field.value() instanceof byte[] bytes) {
                    Json.writeBytes(json, field.name(), bytes);
                } else if (field.value() instanceof PageAddress address) {
                    json.writeObjectFieldStart(field.name());
                    address.writeMembers(json);
                    json.writeEndObject();
                } else {
                    json.writeStringField(field.name(), field.value().toString());
                }
            }
            json.writeEndObject();
        }
        if (!part.children().isEmpty()) {
            json.writeArrayFieldStart("parts");
            for (Part child : part.children()) {
                json.writeStartObject();
                writeMembers(json, child);
                json.writeEndObject();
            }
            json.writeEndArray();
        }
    }

    @Override
    public boolean isClosed() {
        return out.isClosed();
    }
}
