package dev.cambium.tools;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** One command line, run in this process, and what came of it. */
record CommandRun(int exitCode, String out, String err) {
    static CommandRun of(Object... arguments) {
        return withInput(new byte[0], arguments);
    }

    static CommandRun withInput(String input, Object... arguments) {
        return withInput(input.getBytes(StandardCharsets.UTF_8), arguments);
    }

    static CommandRun withInput(byte[] input, Object... arguments) {
        String[] args = new String[arguments.length];
        for (int i = 0; i < args.length; i++) {
            args[i] = arguments[i].toString();
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int exitCode = Cambium.run(args, new ByteArrayInputStream(input), out, err);
        return new CommandRun(exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** Throws unless every line of the output is one whole JSON object, and there is at least one. */
    CommandRun requireJsonLines() throws IOException {
        if (out.isEmpty() || !out.endsWith("\n")) {
            throw new AssertionError("no lines: " + out);
        }
        for (String line : out.split("\n")) {
            try (JsonParser json = new JsonFactory().createParser(line)) {
                json.nextToken();
                if (!json.isExpectedStartObjectToken()) {
                    throw new AssertionError("no object: " + line);
                }
                json.skipChildren();
                if (json.nextToken() != null) {
                    throw new AssertionError("more than one object: " + line);
                }
            }
        }
        return this;
    }
}
