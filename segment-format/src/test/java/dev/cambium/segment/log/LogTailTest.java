package dev.cambium.segment.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cambium.error.CorruptionException;
import dev.cambium.segment.log.LogTail.Verdict;
import org.junit.jupiter.api.Test;

class LogTailTest {
    private static Verdict judge(long end, long evidence, boolean sameBoot, boolean clean, int damaged, int later) {
        LogTail tail = LogTail.judge(end, evidence, sameBoot, clean, damaged, later);
        assertEquals(end, tail.end());
        assertEquals(later, tail.setAside());
        if (tail.verdict() == Verdict.DAMAGED) {
            assertThrows(CorruptionException.class, () -> tail.orThrow("log-1", 4096));
        } else {
            assertEquals(tail, tail.orThrow("log-1", 4096));
        }
        return tail.verdict();
    }

    @Test
    void forcedBytesThatAreMissingAreDamageWhateverElseHolds() {
        for (int bits = 0; bits < 8; bits++) {
            assertEquals(Verdict.DAMAGED, judge(96, 104, (bits & 1) != 0, (bits & 2) != 0, 0, bits >> 2));
        }
        assertEquals(Verdict.WHOLE, judge(104, 104, false, false, 0, 0));
        assertEquals(Verdict.WHOLE, judge(112, 104, true, false, 0, 0));
    }

    @Test
    void laterRecordsAreATornTailOnlyAfterAnotherBoot() {
        assertEquals(Verdict.TORN, judge(104, 104, false, false, 0, 3));
        assertEquals(Verdict.DAMAGED, judge(104, 104, true, false, 0, 1));
        assertEquals(Verdict.DAMAGED, judge(104, 104, false, true, 0, 1));
    }

    @Test
    void oneDamagedSlotIsWhatACrashMayLeave() {
        assertEquals(Verdict.WHOLE, judge(104, 0, true, false, 1, 0));
        assertEquals(Verdict.TORN, judge(104, 0, false, false, 1, 2));
        assertEquals(Verdict.DAMAGED, judge(104, 0, false, false, 2, 0));
        assertEquals(Verdict.DAMAGED, judge(104, 0, false, true, 1, 0));
    }
}
