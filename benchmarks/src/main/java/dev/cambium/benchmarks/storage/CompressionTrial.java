package dev.cambium.benchmarks.storage;

import dev.cambium.benchmarks.KeyForm;
import dev.cambium.benchmarks.Values;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4FastDecompressor;

/**
 * Pages of one kind of content under one effort of LZ4: what they shrink to, and how fast.
 *
 * @param share of the raw bytes that is left
 * @param compressed MB of raw bytes a second
 * @param restored MB of raw bytes a second
 */
record CompressionTrial(double share, double compressed, double restored) {
    /** Bytes of a page. */
    static final int PAGE_BYTES = 16 << 10;

    private static final int PAGES = 256;

    /** What pages hold. */
    enum Content {
        BENCHMARK("values of the benchmarks, half of each random") {
            @Override
            String record(long number, SplittableRandom random) {
                byte[] value = new byte[100];
                new Values(value.length).write(number, value);
                return new String(value, StandardCharsets.ISO_8859_1);
            }
        },
        RECORDS("records of a user in JSON") {
            @Override
            String record(long number, SplittableRandom random) {
                String name = word(random) + "." + word(random);
                return String.format(
                        Locale.ROOT,
                        "{\"id\":%d,\"name\":\"%s\",\"email\":\"%s@example.org\",\"created\":\"2026-%02d-%02dT%02d:%02d:%02dZ\","
                                + "\"visits\":%d,\"active\":%b,\"tags\":[\"%s\",\"%s\"]}",
                        number,
                        name,
                        name,
                        random.nextInt(1, 13),
                        random.nextInt(1, 29),
                        random.nextInt(24),
                        random.nextInt(60),
                        random.nextInt(60),
                        random.nextInt(10_000),
                        random.nextBoolean(),
                        word(random),
                        word(random));
            }
        },
        TEXT("sentences of 4,000 words") {
            @Override
            String record(long number, SplittableRandom random) {
                StringBuilder sentence = new StringBuilder();
                for (int words = random.nextInt(8, 25); words > 0; words--) {
                    sentence.append(word(random)).append(words == 1 ? ". " : " ");
                }
                return sentence.toString();
            }
        },
        READINGS("readings: time, sensor, a number that walks") {
            private double level = 20;

            @Override
            String record(long number, SplittableRandom random) {
                level += random.nextDouble() - 0.5;
                return String.format(Locale.ROOT, "%d,%d,%.3f\n", 1_790_000_000L + number, random.nextInt(64), level);
            }
        };

        private static final int WORDS = 4000;

        private final String title;

        Content(String title) {
            this.title = title;
        }

        String title() {
            return title;
        }

        abstract String record(long number, SplittableRandom random);

        /** One of some thousand words, the first more often than the last. */
        private static String word(SplittableRandom random) {
            double skewed = random.nextDouble();
            SplittableRandom letters = new SplittableRandom(KeyForm.mix((long) (skewed * skewed * WORDS)));
            int length = letters.nextInt(3, 11);
            StringBuilder word = new StringBuilder();
            for (int i = 0; i < length; i++) {
                word.append((i % 2 == 0 ? "bcdfghlmnprst" : "aeiou").charAt(letters.nextInt(i % 2 == 0 ? 13 : 5)));
            }
            return word.toString();
        }

        private byte[][] pages() {
            SplittableRandom random = new SplittableRandom(ordinal());
            byte[][] pages = new byte[PAGES][];
            long number = 0;
            for (int page = 0; page < PAGES; page++) {
                StringBuilder content = new StringBuilder();
                while (content.length() < PAGE_BYTES) {
                    content.append(String.format(Locale.ROOT, "%016d", number)).append(record(number++, random));
                }
                pages[page] = Arrays.copyOf(content.toString().getBytes(StandardCharsets.ISO_8859_1), PAGE_BYTES);
            }
            return pages;
        }
    }

    /** @param level of LZ4's high compressor, 1 to 17; 0 for the fast one */
    static CompressionTrial run(Content content, int level, int rounds) {
        LZ4Factory factory = LZ4Factory.fastestInstance();
        LZ4Compressor compressor = level == 0 ? factory.fastCompressor() : factory.highCompressor(level);
        LZ4FastDecompressor decompressor = factory.fastDecompressor();
        byte[][] pages = content.pages();
        byte[][] stored = new byte[PAGES][];
        byte[] target = new byte[compressor.maxCompressedLength(PAGE_BYTES)];
        long length = 0;
        for (int page = 0; page < PAGES; page++) {
            int compressed = compressor.compress(pages[page], 0, PAGE_BYTES, target, 0);
            stored[page] = Arrays.copyOf(target, compressed);
            length += compressed;
        }
        long begun = System.nanoTime();
        for (int round = 0; round < rounds; round++) {
            for (byte[] page : pages) {
                compressor.compress(page, 0, PAGE_BYTES, target, 0);
            }
        }
        long between = System.nanoTime();
        byte[] restored = new byte[PAGE_BYTES];
        for (int round = 0; round < rounds; round++) {
            for (byte[] page : stored) {
                decompressor.decompress(page, 0, restored, 0, PAGE_BYTES);
            }
        }
        long ended = System.nanoTime();
        double megabytes = (double) rounds * PAGES * PAGE_BYTES / 1e6;
        return new CompressionTrial(
                (double) length / PAGES / PAGE_BYTES,
                megabytes / ((between - begun) / 1e9),
                megabytes / ((ended - between) / 1e9));
    }
}
