package dev.cambium;

import dev.cambium.testkit.explore.CrashExplorer;
import dev.cambium.testkit.explore.CrashPlan;
import dev.cambium.testkit.explore.ModelSubject;
import dev.cambium.testkit.generate.KeyShape;
import dev.cambium.testkit.generate.OperationGenerator;
import dev.cambium.testkit.generate.World;
import dev.cambium.testkit.model.Operation;
import dev.cambium.testkit.runtime.StepExecutor;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Crashes a small workload everywhere, on the simulated disk, and checks that nothing promised is lost and nothing invented. */
class CrashTest {
    private static CrashExplorer<Operation> explorer(long seed) {
        return new CrashExplorer<>(() -> new ModelSubject(new CambiumUnderTest()), seed);
    }

    private static World world(long seed) {
        return seed % 2 == 0
                ? World.tiny().withValues(200)
                : World.tiny().with(KeyShape.MIXED, 40).withValues(600);
    }

    @Test
    void recoverKeepsEveryPromiseWhereverASmallWorkloadIsCutShort() {
        long seed = 4;
        CrashExplorer.Exploration done = explorer(seed)
                .with(CrashPlan.everywhere(seed).atMost(400, 6))
                .explore(new OperationGenerator(world(seed), seed).take(40));
        System.out.println("small workload: " + done);
    }

    @Test
    void recoverKeepsEveryPromiseWhenRecoveryIsCutShortToo() {
        long seed = 5;
        CrashExplorer.Exploration done = explorer(seed)
                .with(CrashPlan.everywhere(seed).atMost(12, 2).alsoInRecovery(40))
                .explore(new OperationGenerator(world(seed), seed).take(30));
        System.out.println("inside recovery: " + done);
    }

    @Test
    void recoverKeepsEveryPromiseWithoutStoresThroughMappings() {
        long seed = 6;
        CrashExplorer.Exploration done = explorer(seed)
                .withoutMappedStores()
                .with(CrashPlan.everywhere(seed).atMost(80, 3))
                .explore(new OperationGenerator(world(seed), seed).take(30));
        System.out.println("positional writes only: " + done);
    }

    /** A log file takes four writes here, and nothing is forced or prepared in the background unless the workload says so. */
    @ParameterizedTest
    @ValueSource(longs = {7, 8, 9, 10})
    void recoverKeepsEveryPromiseAcrossLogFilesThatWereLeftUnforced(long seed) {
        World world = World.tiny()
                .with(KeyShape.MIXED, 20)
                .withValues(1800)
                .with(World.Action.FLUSH, 1)
                .with(World.Action.REOPEN, seed % 2 == 0 ? 0 : 1);
        CrashExplorer.Exploration done = explorer(seed)
                .with(StepExecutor.Mode.MANUAL)
                .with(CrashPlan.everywhere(seed).atMost(100, 1).alsoInRecovery(1))
                .explore(new OperationGenerator(world, seed).take(60));
        System.out.println("across files: " + done);
    }

    @Tag("long")
    @ParameterizedTest
    @ValueSource(longs = {100, 101, 102, 103, 104, 105, 106, 107, 108, 109})
    void recoverKeepsEveryPromiseAtEveryOperationOfTenWorkloads(long seed) {
        CrashExplorer.Exploration done = explorer(seed)
                .with(CrashPlan.everywhere(seed).alsoInRecovery(1000))
                .explore(new OperationGenerator(world(seed), seed).take(40));
        System.out.println("workload " + seed + ": " + done);
    }
}
