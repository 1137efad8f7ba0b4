package dev.cambium.testkit.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.model.Durability;
import dev.cambium.testkit.model.Operation;
import dev.cambium.testkit.runtime.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GeneratorTest {
    @Test
    void equalSeedsGiveEqualOperations() {
        String one = new OperationGenerator(World.tiny(), 7).take(200).toString();
        assertEquals(one, new OperationGenerator(World.tiny(), 7).take(200).toString());
        assertNotEquals(one, new OperationGenerator(World.tiny(), 8).take(200).toString());
    }

    @Test
    void everyKindOfOperationIsMade() {
        Set<String> kinds = new OperationGenerator(World.tiny(), 1)
                .take(2000).stream()
                        .map(step -> step.getClass().getSimpleName())
                        .collect(Collectors.toSet());
        assertEquals(Operation.class.getPermittedSubclasses().length, kinds.size(), kinds.toString());
    }

    @Test
    void weightZeroLeavesAKindOutAndOneDurabilityIsKept() {
        World world = World.tiny().with(World.Action.REOPEN, 0).with(Durability.BUFFERED);
        for (Operation operation : new OperationGenerator(world, 1).take(2000)) {
            assertTrue(!(operation instanceof Operation.Reopen));
            assertTrue(!(operation instanceof Operation.Put put) || put.durability() == Durability.BUFFERED);
        }
    }

    @Test
    void longValuesAreAllDifferent() {
        Set<byte[]> values = new TreeSet<>(Arrays::compare);
        OperationGenerator generator = new OperationGenerator(World.tiny().withValues(200), 1);
        generator.take(3000).stream()
                .flatMap(operation -> operation.changes().stream())
                .filter(change -> !change.isDelete() && change.value().length >= 8)
                .forEach(change -> assertTrue(values.add(change.value()), change.toString()));
        assertTrue(values.size() > 1000);
    }

    @ParameterizedTest
    @EnumSource(KeyShape.class)
    void keysAreDistinctAndAscending(KeyShape shape) {
        List<byte[]> keys = shape.keys(3000, new SeededRandom(1));
        assertEquals(3000, keys.size());
        for (int i = 1; i < keys.size(); i++) {
            assertTrue(Arrays.compareUnsigned(keys.get(i - 1), keys.get(i)) < 0);
        }
    }

    @Test
    void mixedKeysHaveTheEmptyOne() {
        assertEquals(0, KeyShape.MIXED.keys(3, new SeededRandom(1)).get(0).length);
    }

    @Test
    void shrinkerFindsTheSmallestFailingWorkload() {
        List<Integer> workload = new ArrayList<>(IntStream.range(0, 100).boxed().toList());
        Shrinker<Integer> shrinker = new Shrinker<>(
                candidate -> candidate.stream().filter(n -> n >= 10).count() >= 2 && candidate.contains(77),
                number -> number > 0 && number != 77 ? List.of(number / 2, number - 1) : List.of(),
                100_000);
        List<Integer> small = shrinker.shrink(workload);
        assertEquals(2, small.size(), small.toString());
        assertEquals(Set.of(10, 77), Set.copyOf(small));
    }

    @Test
    void shrinkerRefusesAWorkloadThatDoesNotFail() {
        Shrinker<Integer> shrinker = new Shrinker<>(candidate -> false, number -> List.of(), 100);
        assertThrows(IllegalArgumentException.class, () -> shrinker.shrink(List.of(1)));
    }

    @Test
    void shrinkerStopsWhenTheAttemptsRunOut() {
        List<Integer> workload = IntStream.range(0, 1000).boxed().toList();
        int[] runs = {0};
        Shrinker<Integer> shrinker = new Shrinker<>(
                candidate -> {
                    runs[0]++;
                    return candidate.contains(500);
                },
                number -> List.of(),
                5);
        assertTrue(shrinker.shrink(workload).contains(500));
        assertEquals(6, runs[0], "the first run is to see that it fails at all");
    }
}
