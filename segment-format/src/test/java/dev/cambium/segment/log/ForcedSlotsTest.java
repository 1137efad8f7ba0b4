package dev.cambium.segment.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.cambium.segment.memory.Memory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ForcedSlotsTest {
    private static final long SALT = 99;

    private final Memory page = Memory.allocate(LogHeader.LENGTH);

    @AfterEach
    void release() {
        page.release();
    }

    private void store(int slot, long sequence) {
        if (sequence > 0) {
            ForcedSlots.put(page, slot, SALT, sequence, 1000 + 8 * sequence, sequence);
        } else {
            page.putByte(slot + 3, (int) sequence);
        }
    }

    private void expect(long first, long second, long newest, int damaged) {
        page.zero(0, LogHeader.LENGTH);
        store(LogHeader.SLOT_0_SECTOR, first);
        store(LogHeader.SLOT_1_SECTOR, second);
        ForcedSlots slots = ForcedSlots.read(page, SALT, 1000, 2000);
        String what = first + " " + second;
        assertEquals(newest, slots.sequence(), what);
        assertEquals(newest == 0 ? 0 : 1000 + 8 * newest, slots.position(), what);
        assertEquals(newest, slots.batch(), what);
        assertEquals(damaged, slots.damaged(), what);
    }

    @Test
    void theNewestSlotCountsAndTheOtherMustBeItsPredecessor() {
        int bad = -1;
        expect(0, 0, 0, 0);
        expect(1, 0, 1, 0);
        expect(1, 2, 2, 0);
        expect(3, 2, 3, 0);
        expect(3, 4, 4, 0);
        expect(3, 0, 3, 1);
        expect(0, 2, 2, 1);
        expect(1, 4, 4, 1);
        expect(5, 2, 5, 1);
        expect(1, bad, 1, 1);
        expect(bad, 2, 2, 1);
        expect(bad, 0, 0, 1);
        expect(0, bad, 0, 2);
        expect(bad, bad, 0, 2);
        expect(2, 0, 0, 1); // an even sequence does not belong into slot 0
    }

    @Test
    void aPositionOutsideTheLogIsDamage() {
        ForcedSlots.put(page, LogHeader.SLOT_0_SECTOR, SALT, 1, 992, 1);
        assertEquals(1, ForcedSlots.read(page, SALT, 1000, 2000).damaged());
        ForcedSlots.put(page, LogHeader.SLOT_0_SECTOR, SALT, 1, 2008, 1);
        assertEquals(1, ForcedSlots.read(page, SALT, 1000, 2000).damaged());
        ForcedSlots.put(page, LogHeader.SLOT_0_SECTOR, SALT, 1, 2000, 1);
        assertEquals(0, ForcedSlots.read(page, SALT, 1000, 2000).damaged());
    }

    @Test
    void aSlotOfAnotherLifeIsDamage() {
        ForcedSlots.put(page, LogHeader.SLOT_0_SECTOR, SALT + 1, 1, 1008, 1);
        assertEquals(1, ForcedSlots.read(page, SALT, 1000, 2000).damaged());
    }
}
