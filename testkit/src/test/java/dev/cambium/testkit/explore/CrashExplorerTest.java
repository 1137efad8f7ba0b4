package dev.cambium.testkit.explore;

import static dev.cambium.testkit.model.ByteText.bytes;
import static dev.cambium.testkit.model.ByteText.filled;
import static dev.cambium.testkit.model.Durability.BUFFERED;
import static dev.cambium.testkit.model.Durability.NONE;
import static dev.cambium.testkit.model.Durability.SYNC;
import static dev.cambium.testkit.model.ModelStore.DEFAULT_KEYSPACE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.disk.FaultRule;
import dev.cambium.testkit.disk.OperationKind;
import dev.cambium.testkit.explore.ToyStore.Mistake;
import dev.cambium.testkit.generate.OperationGenerator;
import dev.cambium.testkit.generate.Shrinker;
import dev.cambium.testkit.generate.World;
import dev.cambium.testkit.model.Change;
import dev.cambium.testkit.model.Operation;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class CrashExplorerTest {
    private static final List<Operation> WORKLOAD = List.of(
            new Operation.Put(DEFAULT_KEYSPACE, bytes("a"), bytes("1"), SYNC),
            new Operation.Put(DEFAULT_KEYSPACE, bytes("b"), filled("long.", 1500), BUFFERED),
            new Operation.Batch(
                    List.of(
                            new Change(DEFAULT_KEYSPACE, bytes("a"), null),
                            new Change(DEFAULT_KEYSPACE, bytes("c"), filled("batch.", 700))),
                    SYNC),
            new Operation.CreateKeyspace("more"),
            new Operation.Put("more", bytes("a"), bytes("2"), NONE),
            new Operation.Flush(),
            new Operation.Put("more", bytes("b"), bytes("3"), BUFFERED),
            new Operation.Delete(DEFAULT_KEYSPACE, bytes("b"), SYNC),
            new Operation.Reopen(),
            new Operation.Put(DEFAULT_KEYSPACE, bytes("d"), bytes("4"), SYNC));

    private static CrashExplorer<Operation> explorer(Mistake... mistakes) {
        return new CrashExplorer<>(() -> new ModelSubject(new ToyStore(mistakes)), 1);
    }

    @Test
    void correctStoreSurvivesEveryCrash() {
        CrashExplorer.Exploration seen = explorer().explore(WORKLOAD);
        assertTrue(seen.operations() > 30 && seen.deaths() > seen.operations(), seen.toString());
        assertTrue(seen.recoveries() > 150, seen.toString());
    }

    @Test
    void correctStoreSurvivesCrashesInsideRecoveries() {
        CrashPlan plan = CrashPlan.everywhere(1).alsoInRecovery(Integer.MAX_VALUE);
        CrashExplorer.Exploration seen = explorer().with(plan).explore(WORKLOAD);
        assertTrue(seen.recoveries() > 1500, seen.toString());
    }

    @Test
    void correctStoreSurvivesGeneratedWorkloads() {
        for (long seed = 0; seed < 8; seed++) {
            List<Operation> workload = new OperationGenerator(World.tiny().withValues(900), seed).take(25);
            explorer()
                    .with(CrashPlan.everywhere(seed).atMost(40, 3).alsoInRecovery(2))
                    .explore(workload);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Mistake.class,
            mode = Mode.EXCLUDE,
            names = {"RETRIES_FAILED_FORCE"})
    void brokenStoreIsCaught(Mistake mistake) {
        CrashFailure failure =
                assertThrows(CrashFailure.class, () -> withManyLosses(mistake).explore(WORKLOAD));
        CrashPoint point = CrashPoint.parse(failure.point().toString());
        assertEquals(failure.point(), point);
        CrashFailure again =
                assertThrows(CrashFailure.class, () -> explorer(mistake).replay(WORKLOAD, point));
        assertEquals(failure.getMessage(), again.getMessage(), "a replay shows the same failure");
    }

    /** Some mistakes show only where a long record loses a sector in its middle and the file keeps its length. */
    private static CrashExplorer<Operation> withManyLosses(Mistake... mistakes) {
        CrashOutcome[] outcomes = new CrashOutcome[12];
        outcomes[0] = CrashOutcome.PROCESS_KILL;
        outcomes[1] = CrashOutcome.NOTHING_UNFORCED;
        for (int i = 2; i < outcomes.length; i++) {
            outcomes[i] = CrashOutcome.powerLoss(i);
        }
        return explorer(mistakes).with(CrashPlan.everywhere(1).into(outcomes));
    }

    @Test
    void correctStoreSurvivesManyLosses() {
        withManyLosses().explore(WORKLOAD);
    }

    @Test
    void failureNamesSeedPlaceAndWorkload() {
        CrashFailure failure = assertThrows(
                CrashFailure.class, () -> explorer(Mistake.SYNC_WITHOUT_FORCE).explore(WORKLOAD));
        String message = failure.getMessage();
        assertTrue(message.startsWith("seed 1, crash at " + failure.point()), message);
        assertTrue(message.contains("CrashPoint.parse(\"" + failure.point() + "\")"), message);
        assertTrue(message.contains(WORKLOAD.get(2).toString()), message);
        assertTrue(message.contains("NOTHING_UNFORCED"), message);
    }

    @Test
    void failedForceThatIsRetriedIsCaught() {
        List<Operation> workload = List.of(
                new Operation.Put(DEFAULT_KEYSPACE, bytes("a"), bytes("1"), SYNC),
                new Operation.Put(DEFAULT_KEYSPACE, bytes("b"), bytes("2"), SYNC),
                new Operation.Put(DEFAULT_KEYSPACE, bytes("c"), bytes("3"), SYNC));
        FaultRule third = FaultRule.on(OperationKind.FORCE).fromThe(3);
        explorer().withFaults(plan -> plan.add(third)).explore(workload);
        CrashExplorer<Operation> broken = explorer(Mistake.RETRIES_FAILED_FORCE).withFaults(plan -> plan.add(third));
        assertThrows(CrashFailure.class, () -> broken.explore(workload));
    }

    @Test
    void refusedWritesAreNotThereAfterwards() {
        for (int capacity = 100; capacity < 6_000; capacity += 400) {
            int room = capacity;
            explorer().withFaults(plan -> plan.capacityBytes(room)).explore(WORKLOAD);
        }
    }

    @Test
    void failureWithoutAFaultIsNoAcceptableOutcome() {
        List<Operation> workload = List.of(new Operation.Get(DEFAULT_KEYSPACE, bytes("a")));
        CrashExplorer<Operation> explorer = new CrashExplorer<>(
                () -> new ModelSubject(new ToyStore() {
                    @Override
                    public byte[] get(String keyspace, byte[] key) {
                        return bytes("wrong");
                    }
                }),
                1);
        assertThrows(AssertionError.class, () -> explorer.explore(workload));
    }

    @Test
    void subjectThatIsNotDeterministicIsRefused() {
        AtomicInteger lives = new AtomicInteger();
        CrashExplorer<Operation> explorer = new CrashExplorer<>(
                () -> new ModelSubject(
                        lives.incrementAndGet() == 1 ? new ToyStore() : new ToyStore(Mistake.NAMES_BEFORE_FORCE)),
                1);
        assertThrows(IllegalStateException.class, () -> explorer.explore(WORKLOAD));
    }

    @Test
    void limitsBoundTheExploration() {
        CrashPlan plan = CrashPlan.everywhere(1).into(CrashOutcome.PROCESS_KILL).atMost(5, 0);
        CrashExplorer.Exploration seen = explorer().with(plan).explore(WORKLOAD);
        assertEquals(5, seen.deaths());
        assertEquals(5, seen.recoveries());
    }

    @Test
    void failingWorkloadShrinksToWhatMatters() {
        List<Operation> workload = new OperationGenerator(World.tiny(), 3).take(80);
        Shrinker<Operation> shrinker = Shrinker.ofOperations(
                candidate -> {
                    try {
                        explorer(Mistake.WRITES_BATCH_IN_PIECES)
                                .with(CrashPlan.everywhere(1)
                                        .into(CrashOutcome.PROCESS_KILL)
                                        .atMost(Integer.MAX_VALUE, 0))
                                .explore(candidate);
                        return false;
                    } catch (CrashFailure failure) {
                        return true;
                    }
                },
                2_000);
        List<Operation> small = shrinker.shrink(workload);
        assertEquals(1, small.size(), Shrinker.toJava(small));
        assertEquals(2, small.get(0).changes().size(), Shrinker.toJava(small));
    }
}
