package dev.cambium;

import dev.cambium.testkit.disk.CrashOutcome;
import dev.cambium.testkit.explore.CrashExplorer;
import dev.cambium.testkit.explore.CrashPlan;
import dev.cambium.testkit.explore.ModelSubject;
import dev.cambium.testkit.generate.KeyShape;
import dev.cambium.testkit.generate.OperationGenerator;
import dev.cambium.testkit.generate.World;
import dev.cambium.testkit.model.Operation;
import dev.cambium.testkit.runtime.StepExecutor;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Crashes workloads in which memtables are laid down and runs merged all the time; {@link CrashTest} has the others. */
class RunCrashTest {
    private static CrashExplorer<Operation> explorer(long seed) {
        return new CrashExplorer<>(() -> new ModelSubject(new CambiumUnderTest(SmallStore.SMALL)), seed);
    }

    /** About every third operation is a flush, so that there are merges of merges; reopens continue zones and logs. */
    private static World flushing(long seed) {
        return World.tiny()
                .with(KeyShape.MIXED, seed % 2 == 0 ? 6 : 30)
                .withValues(seed % 3 == 0 ? 1500 : 150)
                .with(World.Action.FLUSH, 40)
                .with(World.Action.REOPEN, 3)
                .with(World.Action.CREATE_KEYSPACE, 3)
                .with(World.Action.GET, 2)
                .with(World.Action.SCAN, 2);
    }

    @Test
    void recoverKeepsEveryPromiseWhereverFlushesAndMergesAreCutShort() {
        long seed = 11;
        CrashExplorer.Exploration done = explorer(seed)
                .with(CrashPlan.everywhere(seed).atMost(150, 1))
                .explore(new OperationGenerator(flushing(seed), seed).take(60));
        System.out.println("flushes and merges: " + done);
    }

    @Test
    void recoverKeepsEveryPromiseWhenTheRecoveryOfRunsIsCutShortToo() {
        long seed = 12;
        CrashExplorer.Exploration done = explorer(seed)
                .with(CrashPlan.everywhere(seed)
                        .into(CrashOutcome.PROCESS_KILL, CrashOutcome.NOTHING_UNFORCED)
                        .atMost(10, 1)
                        .alsoInRecovery(8))
                .explore(new OperationGenerator(flushing(seed), seed).take(40));
        System.out.println("inside recovery: " + done);
    }

    /** Background steps run when the workload says so, between any two operations. */
    @ParameterizedTest
    @ValueSource(longs = {13, 14, 15})
    void recoverKeepsEveryPromiseWhenStepsComeLate(long seed) {
        World world = flushing(seed).with(World.Action.RUN_BACKGROUND, 20).with(World.Action.FLUSH, 8);
        CrashExplorer.Exploration done = explorer(seed)
                .with(StepExecutor.Mode.MANUAL)
                .with(CrashPlan.everywhere(seed).atMost(50, 1))
                .explore(new OperationGenerator(world, seed).take(80));
        System.out.println("steps by hand: " + done);
    }

    @Test
    void recoverKeepsEveryPromiseWithoutStoresThroughMappings() {
        long seed = 16;
        CrashExplorer.Exploration done = explorer(seed)
                .withoutMappedStores()
                .with(CrashPlan.everywhere(seed).atMost(40, 1))
                .explore(new OperationGenerator(flushing(seed), seed).take(50));
        System.out.println("positional writes only: " + done);
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(longs = {200, 201, 202, 203, 204, 205})
    void recoverKeepsEveryPromiseAtEveryOperationOfSixWorkloads(long seed) {
        List<Operation> workload = new OperationGenerator(flushing(seed), seed).take(60);
        CrashExplorer.Exploration done = explorer(seed)
                .with(seed % 2 == 0 ? StepExecutor.Mode.INLINE : StepExecutor.Mode.MANUAL)
                .with(CrashPlan.everywhere(seed).atMost(Integer.MAX_VALUE, 3).alsoInRecovery(6))
                .explore(workload);
        System.out.println("workload " + seed + ": " + done);
    }
}
