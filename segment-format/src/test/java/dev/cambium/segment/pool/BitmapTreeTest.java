package dev.cambium.segment.pool;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BitmapTreeTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 65, 4096, 4097, 300_000})
    void behavesLikeASortedSetThroughChangesOfItsBound(int most) {
        Random random = new Random(most);
        int bound = most;
        BitmapTree tree = new BitmapTree(bound);
        TreeSet<Integer> model = new TreeSet<>();
        for (int i = 0; i < 20_000; i++) {
            if (bound > 0) {
                int number = random.nextInt(bound);
                if (model.contains(number)) {
                    tree.remove(number);
                    model.remove(number);
                } else if (random.nextInt(3) > 0) {
                    tree.add(number);
                    model.add(number);
                }
                assertEquals(model.contains(number), tree.contains(number));
            }
            if (i % 50 == 0) {
                int least = model.isEmpty() ? 0 : model.last() + 1;
                bound = random.nextBoolean()
                        ? Math.min(most, bound + random.nextInt(most))
                        : Math.max(least, bound / 2);
                tree.resize(bound);
            }
            if (random.nextInt(100) == 0 && !model.isEmpty()) { // the first ones, so that the least changes
                for (int least = model.pollFirst(); ; least = model.pollFirst()) {
                    tree.remove(least);
                    if (model.isEmpty() || random.nextBoolean()) {
                        break;
                    }
                }
            }
            assertEquals(model.isEmpty() ? -1 : model.first(), tree.first());
            assertEquals(model.size(), tree.size());
        }
    }
}
