package dev.cambium.tools.dump;

import dev.cambium.segment.log.Operation;
import dev.cambium.segment.memory.Bytes;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.KeyedPage;
import dev.cambium.segment.page.PageFlags;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageKind;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * What is in a raw page, whose parts have been checked to lie inside it: its own fields, and what it holds one by one.
 * Offsets are those of the raw page. A view of the memory. One thread.
 */
abstract class PageContent {
    static final int FIELDS_OFFSET = PageHeader.LENGTH;

    final Memory raw;

    PageContent(Memory raw) {
        this.raw = raw;
    }

    /** The content of a page that {@code PageOpener.check} has passed. */
    static PageContent of(Memory raw) {
        return switch (PageHeader.kind(raw, 0)) {
            case PageKind.LEAF -> new LeafContent(raw);
            case PageKind.KEYS -> new KeysContent(raw);
            case PageKind.VALUES -> new ValuesContent(raw);
            case PageKind.FILTER -> new FilterContent(raw);
            default -> new ChunksContent(raw);
        };
    }

    /** The numbers of a page that has not passed, as far as it has any; null where it is too short for them. */
    static Part unchecked(Memory raw) {
        Layout numbers =
                switch (PageHeader.kind(raw, 0)) {
                    case PageKind.LEAF -> LeafContent.NUMBERS;
                    case PageKind.KEYS -> KeysContent.NUMBERS;
                    case PageKind.VALUES -> ValuesContent.NUMBERS;
                    case PageKind.FILTER -> FilterContent.NUMBERS;
                    default -> ChunksContent.NUMBERS;
                };
        Part part = part(raw);
        return raw.capacity() < FIELDS_OFFSET + numbers.length()
                ? part
                : numbers.read(part, raw, FIELDS_OFFSET, FIELDS_OFFSET);
    }

    private static Part part(Memory raw) {
        return new Part(PageNames.kind(PageHeader.kind(raw, 0)), FIELDS_OFFSET, Part.Style.BLOCK);
    }

    /**
     * The page's own fields.
     *
     * @param hex is told where what stands, unless it is null
     */
    final Part fields(HexDump hex) {
        Part part = part(raw);
        addFields(part, new RawParts(part, hex, FIELDS_OFFSET));
        return part;
    }

    abstract void addFields(Part part, RawParts parts);

    /** How many things the page holds. */
    abstract int count();

    /** One of them. */
    abstract Part item(int index);

    final boolean hasFlag(int flag) {
        return (PageHeader.flags(raw, 0) & flag) != 0;
    }

    /** Bytes of an element of an array of offsets. */
    final int width() {
        return hasFlag(PageFlags.WIDE) ? 4 : 2;
    }

    /** Adds prefix and tails, which end the keys of a page. */
    static RawParts prefixAndTails(RawParts parts, Memory raw, KeyedPage page) {
        int elsewhere = page.prefixLength() + page.headLength();
        return parts.bytes("prefix", raw, page.prefixLength())
                .varying("tails", "tail", page.keyCount(), i -> page.keyLength(i) - elsewhere);
    }

    /** What is wrong with a key that lies inside its page: its head, or its place. Null where nothing is. */
    static String keyProblem(KeyedPage page, int index, byte[] key) {
        if (Bytes.head(key, page.prefixLength(), key.length) >>> 32 != (page.head(index) & 0xFFFF_FFFFL)) {
            return "its head is not the beginning of its suffix";
        }
        return index > 0 && Arrays.compareUnsigned(page.key(index - 1), key) >= 0
                ? "it is not above the one before"
                : null;
    }

    /** Adds an internal key: the keyspace's id and the user's key, called {@code name}. */
    static Part addKey(Part part, long offset, String name, byte[] key) {
        if (key.length < Operation.KEYSPACE_ID_LENGTH) { // a separator is the beginning of a key
            return part.field(name + "Bytes", offset, "0x" + HexFormat.of().formatHex(key));
        }
        return part.field("keyspace", offset, Bytes.getIntBigEndian(key, 0) & 0xFFFF_FFFFL)
                .field(
                        name,
                        offset + Operation.KEYSPACE_ID_LENGTH,
                        Arrays.copyOfRange(key, Operation.KEYSPACE_ID_LENGTH, key.length));
    }
}
