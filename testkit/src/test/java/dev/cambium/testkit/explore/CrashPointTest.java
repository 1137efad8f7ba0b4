package dev.cambium.testkit.explore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.cambium.testkit.disk.CrashOutcome;
import org.junit.jupiter.api.Test;

class CrashPointTest {
    @Test
    void textAndPointAreInverse() {
        CrashPoint second = new CrashPoint(3, 0, CrashOutcome.NOTHING_UNFORCED);
        CrashPoint point = new CrashPoint(17, 512, CrashOutcome.powerLoss(99), second);
        assertEquals("17+512 POWER_LOSS(99), then 3 NOTHING_UNFORCED", point.toString());
        assertEquals(point, CrashPoint.parse(point.toString()));
        CrashPoint kill = new CrashPoint(0, 0, CrashOutcome.PROCESS_KILL);
        assertEquals(kill, CrashPoint.parse(kill.toString()));
        assertThrows(IllegalArgumentException.class, () -> CrashPoint.parse("17"));
        assertThrows(IllegalArgumentException.class, () -> CrashPoint.parse("17 SOMETHING"));
    }
}
