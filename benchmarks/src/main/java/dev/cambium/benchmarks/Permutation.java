package dev.cambium.benchmarks;

import java.util.SplittableRandom;

/** The numbers from 0 on in an order that a seed decides, each once. */
public final class Permutation {
    private Permutation() {}

    /** All numbers below {@code count}, shuffled. */
    public static int[] random(int count, long seed) {
        int[] numbers = ascending(count);
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = count - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            int number = numbers[i];
            numbers[i] = numbers[other];
            numbers[other] = number;
        }
        return numbers;
    }

    /** All numbers below {@code count}, in order. */
    public static int[] ascending(int count) {
        int[] numbers = new int[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = i;
        }
        return numbers;
    }
}
