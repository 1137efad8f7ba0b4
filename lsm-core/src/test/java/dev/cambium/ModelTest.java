package dev.cambium;

import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.disk.SimulatedDisk;
import dev.cambium.testkit.explore.ModelSubject;
import dev.cambium.testkit.generate.KeyShape;
import dev.cambium.testkit.generate.OperationGenerator;
import dev.cambium.testkit.generate.Shrinker;
import dev.cambium.testkit.generate.World;
import dev.cambium.testkit.model.Operation;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A store and a sorted map side by side under random operations, reopening included; a failure is shrunk before it is shown. */
class ModelTest {
    private static final int OPERATIONS_PER_WORLD = 1000;

    @Test
    void behavesLikeASortedMapThroughAHundredThousandOperations() {
        run(1, 100);
    }

    @Tag("long")
    @Test
    void behavesLikeASortedMapThroughTwoMillionOperations() {
        run(1_000, 2000);
    }

    private static void run(long firstSeed, int worlds) {
        for (long seed = firstSeed; seed < firstSeed + worlds; seed++) {
            World world =
                    switch ((int) (seed % 4)) {
                        case 0 -> World.tiny();
                        case 1 -> World.tiny().with(KeyShape.MIXED, 300).withValues(300);
                        case 2 -> World.tiny().with(KeyShape.MIXED, 3000).withValues(20);
                        default -> World.tiny().with(KeyShape.MIXED, 20).withValues(3000);
                    };
            long itsSeed = seed;
            List<Operation> workload = new OperationGenerator(world, seed).take(OPERATIONS_PER_WORLD);
            Throwable failure = failure(workload, itsSeed);
            if (failure != null) {
                List<Operation> small = Shrinker.ofOperations(some -> failure(some, itsSeed) != null, 300)
                        .shrink(workload);
                throw new AssertionError("seed " + seed + ":\n" + Shrinker.toJava(small), failure);
            }
        }
    }

    private static Throwable failure(List<Operation> workload, long seed) {
        ModelSubject subject = new ModelSubject(new CambiumUnderTest());
        try {
            subject.open(new SimulatedEnvironment(new SimulatedDisk(seed), seed));
            for (Operation operation : workload) {
                subject.apply(operation);
            }
            subject.compareContents("at the end");
            subject.close();
            return null;
        } catch (RuntimeException | AssertionError e) {
            subject.abandon();
            return e;
        }
    }
}
