package dev.cambium.testkit.model;

import java.util.ArrayList;
import java.util.List;

/**
 * The contents a store may have after a crash, given what it had acknowledged.
 *
 * <p>Two cuts through the sequence of operations decide. Up to the first, F, everything has reached a run: the operations of
 * every durability are there. From there to the second, P, the log speaks: what is logged ({@code SYNC} and
 * {@code BUFFERED}, in one order) is there, what is not ({@code NONE}) is missing. Beyond P nothing is there.
 * <pre>
 *   operation   0 ........ F ............ P ........ end
 *   there       all        the logged     none
 * </pre>
 * F may be anywhere from the last acknowledged flush or clean close on, for a memtable may be flushed at any time. P is at
 * F or later, and no acknowledged operation that survives this kind of crash is beyond it: a {@code SYNC} one, and after the
 * death of the process alone a {@code BUFFERED} one. The operation in flight is the last of the sequence, so both cuts may
 * lie before or behind it, and never within. An operation that was refused is not in the sequence.
 *
 * <p>Cost: a content for each pair of cuts, without {@code NONE} operations for each P only.
 */
public final class AllowedContents {
    /** Tells whether a content satisfies what is asked for. */
    private interface Visitor {
        boolean visit(int flushed, int logged, ModelStore content);
    }

    private final CrashHistory<Operation> history;
    private final List<Operation> operations;

    public AllowedContents(CrashHistory<Operation> history) {
        this.history = withoutLeftOut(history);
        this.operations = this.history.possible();
    }

    /** What was left out wrote nothing, so it says nothing about the log either. */
    private static CrashHistory<Operation> withoutLeftOut(CrashHistory<Operation> history) {
        ModelStore live = new ModelStore();
        List<CrashHistory.Begun<Operation>> done = new ArrayList<>();
        for (CrashHistory.Begun<Operation> begun : history.steps()) {
            if (begun.step().isDoneOn(live)) {
                done.add(begun);
                if (begun.end() != CrashHistory.End.REFUSED) {
                    begun.step().applyTo(live);
                }
            }
        }
        return new CrashHistory<>(history.crash(), done, history.closed());
    }

    /** Whether a store may hold {@code found}. */
    public boolean allow(ModelStore found) {
        return any((flushed, logged, content) -> content.equals(found));
    }

    /** Throws unless a store may hold {@code found}; the message compares with what must be there at least. */
    public void check(ModelStore found) {
        if (allow(found)) {
            return;
        }
        StringBuilder text =
                new StringBuilder("after " + history.crash() + " the store holds what no crash may leave;\n");
        text.append("  of ").append(operations.size()).append(" operations the first ");
        text.append(history.durableCount()).append(" must be there wholly, the first ");
        text.append(history.loggedCount())
                .append(" as far as they are logged\n  found: ")
                .append(found);
        any((flushed, logged, content) -> {
            text.append("\n  with the first ")
                    .append(flushed)
                    .append(" flushed and ")
                    .append(logged);
            text.append(" logged it would differ by ").append(found.differenceTo(content));
            return text.length() > 4_000;
        });
        throw new AssertionError(text.toString());
    }

    private boolean any(Visitor visitor) {
        ModelStore flushed = new ModelStore();
        int durable = history.durableCount();
        for (int i = 0; i < durable; i++) {
            operations.get(i).applyTo(flushed);
        }
        for (int cut = durable; ; cut++) {
            if (anyFrom(cut, flushed.snapshot(), visitor)) {
                return true;
            }
            // The next F gives other contents only if it lies behind a NONE operation.
            while (cut < operations.size() && !isUnloggedWrite(operations.get(cut))) {
                operations.get(cut++).applyTo(flushed);
            }
            if (cut == operations.size()) {
                return false;
            }
            operations.get(cut).applyTo(flushed);
        }
    }

    private boolean anyFrom(int flushed, ModelStore content, Visitor visitor) {
        for (int logged = flushed; ; logged++) {
            if (logged >= history.loggedCount() && visitor.visit(flushed, logged, content)) {
                return true;
            }
            if (logged == operations.size()) {
                return false;
            }
            if (operations.get(logged).durability().isLogged()) {
                operations.get(logged).applyTo(content);
            }
        }
    }

    private static boolean isUnloggedWrite(Operation operation) {
        return !operation.durability().isLogged() && !operation.changes().isEmpty();
    }
}
