package dev.cambium.tools.dump;

import dev.cambium.segment.page.PageFlags;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageKind;

/** What the numbers in a page's header are called; a number without a name stands for itself. Stateless. */
final class PageNames {
    private static final String[] FLAGS = {"FIXED_KEYS", "FIXED_VALUES", "OPERATIONS", "EXPIRY", "WIDE"};

    static {
        assert PageFlags.WIDE == 1 << FLAGS.length - 1;
    }

    private PageNames() {}

    static String kind(long kind) {
        return PageKind.isKnown((int) kind) ? PageKind.name((int) kind) : Long.toString(kind);
    }

    static String codec(long codec) {
        return codec == PageHeader.CODEC_NONE ? "none" : codec == PageHeader.CODEC_LZ4 ? "LZ4" : Long.toString(codec);
    }

    /** The names of the flags that are set, those without a name as one number. */
    static String flags(long flags) {
        StringBuilder names = new StringBuilder();
        for (int bit = 0; bit < FLAGS.length; bit++) {
            if ((flags & 1L << bit) != 0) {
                names.append(names.isEmpty() ? "" : "|").append(FLAGS[bit]);
            }
        }
        long unknown = flags >>> FLAGS.length << FLAGS.length;
        if (unknown != 0) {
            names.append(names.isEmpty() ? "" : "|").append("0x").append(Long.toHexString(unknown));
        }
        return names.isEmpty() ? "0" : names.toString();
    }
}
