package dev.cambium.testkit.explore;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.memory.Memory;
import dev.cambium.testkit.SimulatedEnvironment;
import dev.cambium.testkit.model.CrashHistory;
import dev.cambium.testkit.model.Durability;
import dev.cambium.testkit.model.WorkloadStep;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A number stored through a mapping as two words, in one slot or in two in turn: the cuts inside a store tell them apart. */
class MappedSlotTest {
    /** Sets the number. */
    private record Set(long number, Durability durability) implements WorkloadStep {
        @Override
        public boolean makesAllDurable() {
            return false;
        }
    }

    private static final class Slots implements Subject<Set> {
        private static final int SLOT_BYTES = 512;

        private final int slots;
        private ZoneFile file;
        private long number;

        Slots(int slots) {
            this.slots = slots;
        }

        @Override
        public void open(SimulatedEnvironment environment) {
            environment.disk().createDirectory();
            if (!environment.disk().exists("slots")) {
                try (ZoneFile fresh = environment
                        .disk()
                        .create("unnamed" + environment.random().nextInt(1000))) {
                    Memory zeros = Memory.allocate(slots * SLOT_BYTES);
                    fresh.write(0, zeros, 0, zeros.capacity());
                    zeros.release();
                    fresh.force(true);
                    environment.disk().rename(fresh.name(), "slots");
                }
                environment.disk().forceDirectory();
            }
            file = environment.disk().open("slots");
            Memory all = Memory.allocate(slots * SLOT_BYTES);
            file.read(0, all, 0, all.capacity());
            number = 0;
            for (int at = 0; at < all.capacity(); at += SLOT_BYTES) {
                if (all.getLong(at) == ~all.getLong(at + 8)) {
                    number = Math.max(number, all.getLong(at));
                }
            }
            all.release();
            file.mapForStores();
        }

        @Override
        public void apply(Set step) {
            number = step.number();
            Memory pair = Memory.allocate(16);
            pair.putLong(0, number);
            pair.putLong(8, ~number);
            file.store(number % slots * SLOT_BYTES, pair, 0, 16);
            pair.release();
            if (step.durability() == Durability.SYNC) {
                file.force(false);
            }
        }

        @Override
        public void close() {
            file.force(false);
            file.close();
        }

        @Override
        public void check(CrashHistory<Set> history) {
            assertTrue(
                    number >= history.loggedCount()
                            && number <= history.possible().size(),
                    "the number is " + number + " after " + history);
        }
    }

    private static List<Set> workload() {
        List<Set> steps = new ArrayList<>();
        for (long number = 1; number <= 6; number++) {
            steps.add(new Set(number, number % 2 == 0 ? Durability.SYNC : Durability.BUFFERED));
        }
        return steps;
    }

    @Test
    void twoSlotsInTurnSurviveEveryCut() {
        new CrashExplorer<Set>(() -> new Slots(2), 1).explore(workload());
    }

    @Test
    void oneSlotIsTornByACutInsideTheStore() {
        CrashExplorer<Set> explorer = new CrashExplorer<>(() -> new Slots(1), 1);
        CrashFailure failure = assertThrows(CrashFailure.class, () -> explorer.explore(workload()));
        assertTrue(failure.point().cut() == 8, failure.getMessage());
    }
}
