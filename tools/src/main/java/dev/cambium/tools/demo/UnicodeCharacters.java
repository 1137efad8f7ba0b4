package dev.cambium.tools.demo;

import dev.cambium.tools.Json;
import java.lang.Character.UnicodeBlock;
import java.lang.Character.UnicodeScript;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.stream.IntStream;

/**
 * The demo's data: every character that the running JDK's Unicode version defines, without private use and surrogates.
 * 143,924 on JDK 17, 155,063 on 25. The key is the character's name, which no other one has; the value is a JSON
 * object. Stateless.
 */
final class UnicodeCharacters {
    private static final String[] CATEGORIES = new String[31];

    static {
        CATEGORIES[Character.UPPERCASE_LETTER] = "Lu";
        CATEGORIES[Character.LOWERCASE_LETTER] = "Ll";
        CATEGORIES[Character.TITLECASE_LETTER] = "Lt";
        CATEGORIES[Character.MODIFIER_LETTER] = "Lm";
        CATEGORIES[Character.OTHER_LETTER] = "Lo";
        CATEGORIES[Character.NON_SPACING_MARK] = "Mn";
        CATEGORIES[Character.ENCLOSING_MARK] = "Me";
        CATEGORIES[Character.COMBINING_SPACING_MARK] = "Mc";
        CATEGORIES[Character.DECIMAL_DIGIT_NUMBER] = "Nd";
        CATEGORIES[Character.LETTER_NUMBER] = "Nl";
        CATEGORIES[Character.OTHER_NUMBER] = "No";
        CATEGORIES[Character.SPACE_SEPARATOR] = "Zs";
        CATEGORIES[Character.LINE_SEPARATOR] = "Zl";
        CATEGORIES[Character.PARAGRAPH_SEPARATOR] = "Zp";
        CATEGORIES[Character.CONTROL] = "Cc";
        CATEGORIES[Character.FORMAT] = "Cf";
        CATEGORIES[Character.DASH_PUNCTUATION] = "Pd";
        CATEGORIES[Character.START_PUNCTUATION] = "Ps";
        CATEGORIES[Character.END_PUNCTUATION] = "Pe";
        CATEGORIES[Character.CONNECTOR_PUNCTUATION] = "Pc";
        CATEGORIES[Character.OTHER_PUNCTUATION] = "Po";
        CATEGORIES[Character.MATH_SYMBOL] = "Sm";
        CATEGORIES[Character.CURRENCY_SYMBOL] = "Sc";
        CATEGORIES[Character.MODIFIER_SYMBOL] = "Sk";
        CATEGORIES[Character.OTHER_SYMBOL] = "So";
        CATEGORIES[Character.INITIAL_QUOTE_PUNCTUATION] = "Pi";
        CATEGORIES[Character.FINAL_QUOTE_PUNCTUATION] = "Pf";
    }

    private UnicodeCharacters() {}

    /** The first {@code limit} code points. */
    static int[] first(int limit) {
        return IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
                .filter(UnicodeCharacters::isWanted)
                .limit(limit)
                .toArray();
    }

    private static boolean isWanted(int character) {
        int type = Character.getType(character);
        return type != Character.UNASSIGNED && type != Character.PRIVATE_USE && type != Character.SURROGATE;
    }

    static byte[] key(int character) {
        return Character.getName(character).getBytes(StandardCharsets.UTF_8);
    }

    static byte[] value(int character) {
        String json = Json.object(object -> {
            object.writeStringField(
                    "codePoint", "U+" + HexFormat.of().withUpperCase().toHexDigits(character, 6));
            object.writeStringField("block", UnicodeBlock.of(character).toString());
            object.writeStringField("script", UnicodeScript.of(character).toString());
            object.writeStringField("category", CATEGORIES[Character.getType(character)]);
        });
        return json.getBytes(StandardCharsets.UTF_8);
    }
}
