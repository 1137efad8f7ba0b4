package dev.cambium.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cambium.segment.manifest.Stretch;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

class SweepPositionTest {
    private static final List<Stretch> RANGES =
            List.of(stretch("", "f"), stretch("f", "m"), stretch("m", "r"), stretch("r", null));

    private final SweepPosition position = new SweepPosition();

    private static Stretch stretch(String from, String to) {
        return new Stretch(key(from), to == null ? null : key(to));
    }

    private static byte[] key(String key) {
        return key.getBytes(StandardCharsets.US_ASCII);
    }

    private static Deque<BaseChoice.Range> plan(Stretch... stretches) {
        Deque<BaseChoice.Range> plan = new ArrayDeque<>();
        for (Stretch stretch : stretches) {
            plan.add(new BaseChoice.Range(stretch, 1, 1, false));
        }
        return plan;
    }

    private int first() {
        return position.first(RANGES.size(), RANGES::get);
    }

    @Test
    void aSweepGoesOnBehindWhatWasPlannedAndAtTheBeginningBehindTheEnd() {
        assertEquals(0, first());
        position.passTo(RANGES.get(1));
        assertEquals(2, first());
        position.passTo(RANGES.get(3));
        assertEquals(0, first());
    }

    /** It went on behind the plan: what was left of one lost its turn, so that a fifth of the base's zones was dead, bit by bit. */
    @Test
    void aSweepThatIsLeftOffGoesOnWhereItWas() {
        Deque<BaseChoice.Range> plan = plan(RANGES.get(1), RANGES.get(2));
        position.passTo(RANGES.get(2));
        position.leaveOff(plan);
        assertEquals(1, first());
        position.passTo(RANGES.get(2));
        plan.remove(); // it was merged
        position.leaveOff(plan);
        assertEquals(2, first());
        position.passTo(RANGES.get(2));
        plan.remove();
        position.leaveOff(plan);
        assertEquals(3, first());
    }

    /** A merge may have made other ranges of the keys meanwhile. */
    @Test
    void aSweepGoesOnAtTheFirstRangeThatBeginsBehindIt() {
        position.passTo(stretch("f", "g"));
        assertEquals(2, first());
        position.passTo(stretch("s", "t"));
        assertEquals(4, first());
    }
}
