package dev.cambium.segment.frame;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.cambium.segment.format.TestDisk;
import dev.cambium.segment.page.TestPages;
import dev.cambium.segment.pool.BufferPool;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WarmPagesTest {
    private static WarmPages list(int count, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return new WarmPages(random.longs(count).toArray(), random.ints(count).toArray());
    }

    /** Lists that fill the buffer they are written from, once and several times. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5461, 5462, 20_000})
    void aListIsReadAsWritten(int count) {
        TestDisk disk = new TestDisk();
        BufferPool pool = TestPages.pool();
        list(7, 2).write(disk, TestPages.STORE_ID, pool);
        WarmPages written = list(count, 1);
        written.write(disk, TestPages.STORE_ID, pool);
        WarmPages read = WarmPages.read(disk, TestPages.STORE_ID, pool);
        assertArrayEquals(written.pointers(), read.pointers());
        assertArrayEquals(written.payloadCrcs(), read.payloadCrcs());
        assertFalse(disk.exists(WarmPages.NEW_NAME));
        assertEquals(0, pool.usedBytes());
    }

    @Test
    void aListIsFollowedByWhatAnotherHasAndItHasNot() {
        WarmPages list = new WarmPages(new long[] {5, 7}, new int[] {50, 70});
        WarmPages other = new WarmPages(new long[] {1, 9, 7, 3}, new int[] {10, 90, 71, 30});
        WarmPages both = list.followedBy(other, 1);
        assertArrayEquals(new long[] {5, 7, 9, 3}, both.pointers());
        assertArrayEquals(new int[] {50, 70, 90, 30}, both.payloadCrcs());
        assertArrayEquals(list.pointers(), list.followedBy(other, 4).pointers());
        assertEquals(
                WarmPages.MOST_PAGES,
                list.followedBy(list(WarmPages.MOST_PAGES, 1), 0).count());
    }
}
