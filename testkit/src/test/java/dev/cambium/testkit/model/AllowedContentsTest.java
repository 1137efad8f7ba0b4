package dev.cambium.testkit.model;

import static dev.cambium.testkit.disk.CrashKind.POWER_LOSS;
import static dev.cambium.testkit.disk.CrashKind.PROCESS_KILL;
import static dev.cambium.testkit.model.ByteText.bytes;
import static dev.cambium.testkit.model.Durability.BUFFERED;
import static dev.cambium.testkit.model.Durability.NONE;
import static dev.cambium.testkit.model.Durability.SYNC;
import static dev.cambium.testkit.model.ModelStore.DEFAULT_KEYSPACE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.cambium.testkit.disk.CrashKind;
import dev.cambium.testkit.model.CrashHistory.Begun;
import dev.cambium.testkit.model.CrashHistory.End;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Each put writes a key of its own, so a content is named by its keys, in order. */
class AllowedContentsTest {
    private final List<Begun<Operation>> steps = new ArrayList<>();
    private boolean closed;

    private AllowedContentsTest did(Operation operation) {
        steps.add(new Begun<>(operation, End.ACKNOWLEDGED));
        return this;
    }

    private AllowedContentsTest put(String key, Durability durability) {
        return did(putOf(key, durability));
    }

    private static Operation putOf(String key, Durability durability) {
        return new Operation.Put(DEFAULT_KEYSPACE, bytes(key), bytes("v"), durability);
    }

    /** All subsets of the keys a to e that are allowed. */
    private TreeSet<String> allowed(CrashKind crash) {
        AllowedContents contents = new AllowedContents(new CrashHistory<>(crash, steps, closed));
        TreeSet<String> allowed = new TreeSet<>();
        for (int subset = 0; subset < 32; subset++) {
            ModelStore store = new ModelStore();
            StringBuilder name = new StringBuilder();
            for (int i = 0; i < 5; i++) {
                if ((subset & 1 << i) != 0) {
                    String key = String.valueOf((char) ('a' + i));
                    name.append(key);
                    store.put(DEFAULT_KEYSPACE, bytes(key), bytes("v"));
                }
            }
            if (contents.allow(store)) {
                allowed.add(name.toString());
            } else {
                assertThrows(AssertionError.class, () -> contents.check(store));
            }
        }
        return allowed;
    }

    private static TreeSet<String> set(String... names) {
        return new TreeSet<>(List.of(names));
    }

    @Test
    void acknowledgedSyncWritesAreNeverMissing() {
        put("a", SYNC).put("b", SYNC);
        assertEquals(set("ab"), allowed(POWER_LOSS));
        assertEquals(set("ab"), allowed(PROCESS_KILL));
    }

    @Test
    void bufferedWritesSurviveKillAndLoseASuffixAtPowerLoss() {
        put("a", BUFFERED).put("b", SYNC).put("c", BUFFERED).put("d", BUFFERED);
        assertEquals(set("abcd"), allowed(PROCESS_KILL));
        assertEquals(set("ab", "abc", "abcd"), allowed(POWER_LOSS));
    }

    @Test
    void operationInFlightIsThereWhollyOrNotAtAll() {
        put("a", SYNC);
        Operation batch = new Operation.Batch(
                List.of(
                        new Change(DEFAULT_KEYSPACE, bytes("b"), bytes("v")),
                        new Change(DEFAULT_KEYSPACE, bytes("c"), bytes("v"))),
                SYNC);
        steps.add(new Begun<>(batch, End.UNKNOWN));
        assertEquals(set("a", "abc"), allowed(PROCESS_KILL));
        assertEquals(set("a", "abc"), allowed(POWER_LOSS));
    }

    @Test
    void refusedOperationIsNotThere() {
        steps.add(new Begun<>(putOf("a", SYNC), End.REFUSED));
        put("b", SYNC);
        assertEquals(set("b"), allowed(PROCESS_KILL));
    }

    @Test
    void unloggedWritesMayBeMissingButOnlyASuffixOfThem() {
        put("a", NONE).put("b", SYNC).put("c", NONE);
        assertEquals(set("b", "ab", "abc"), allowed(PROCESS_KILL));
    }

    @Test
    void unloggedWriteIsThereWithAllThatWasWrittenBeforeIt() {
        put("a", BUFFERED).put("b", NONE);
        assertEquals(set("", "a", "ab"), allowed(POWER_LOSS));
        assertEquals(set("a", "ab"), allowed(PROCESS_KILL));
    }

    @Test
    void flushMakesEverythingBeforeItDurable() {
        put("a", NONE).put("b", BUFFERED).did(new Operation.Flush()).put("c", NONE);
        assertEquals(set("ab", "abc"), allowed(POWER_LOSS));
    }

    @Test
    void flushInFlightPromisesNothing() {
        put("a", NONE);
        steps.add(new Begun<>(new Operation.Flush(), End.UNKNOWN));
        assertEquals(set("", "a"), allowed(POWER_LOSS));
    }

    @Test
    void cleanCloseMakesEverythingDurable() {
        put("a", NONE).put("b", BUFFERED);
        closed = true;
        assertEquals(set("ab"), allowed(POWER_LOSS));
    }

    @Test
    void overwritesAreSeenAtACutOnly() {
        ModelStore mixed = new ModelStore();
        for (String key : List.of("a", "b")) {
            did(new Operation.Put(DEFAULT_KEYSPACE, bytes(key), bytes("old"), BUFFERED));
        }
        for (String key : List.of("a", "b")) {
            did(new Operation.Put(DEFAULT_KEYSPACE, bytes(key), bytes("new"), BUFFERED));
        }
        mixed.put(DEFAULT_KEYSPACE, bytes("a"), bytes("new"));
        mixed.put(DEFAULT_KEYSPACE, bytes("b"), bytes("old"));
        AllowedContents contents = new AllowedContents(new CrashHistory<>(POWER_LOSS, steps, false));
        assertTrue(contents.allow(mixed));
        mixed.put(DEFAULT_KEYSPACE, bytes("a"), bytes("old"));
        mixed.put(DEFAULT_KEYSPACE, bytes("b"), bytes("new"));
        assertFalse(contents.allow(mixed));
    }

    @Test
    void operationThatWasLeftOutForcesNothing() {
        put("a", BUFFERED).did(new Operation.Put("no such keyspace", bytes("b"), bytes("v"), SYNC));
        assertEquals(set("", "a"), allowed(POWER_LOSS));
    }

    @Test
    void historyTellsWhatMustSurvive() {
        put("a", BUFFERED).put("b", NONE).put("c", SYNC).put("d", BUFFERED);
        CrashHistory<Operation> history = new CrashHistory<>(PROCESS_KILL, steps, false);
        assertTrue(history.mustSurvive(0) && !history.mustSurvive(1) && history.mustSurvive(3));
        CrashHistory<Operation> worse = history.andThen(POWER_LOSS);
        assertTrue(worse.mustSurvive(0) && worse.mustSurvive(2) && !worse.mustSurvive(3));
        assertEquals(POWER_LOSS, worse.andThen(PROCESS_KILL).crash());
    }
}
