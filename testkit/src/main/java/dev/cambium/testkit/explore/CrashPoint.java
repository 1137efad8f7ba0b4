package dev.cambium.testkit.explore;

import dev.cambium.testkit.disk.CrashOutcome;

/**
 * Where a process dies and what is left: in place of an operation on the disk, or after a number of its bytes, with an
 * outcome, and possibly once more during the recovery.
 *
 * <p>Text form, which {@link #parse} reads: {@code 17+512 PROCESS_KILL, then 3 NOTHING_UNFORCED}.
 *
 * @param operation counted from 0 since the disk began this life; as many as there are means after the last
 * @param cut how many bytes of it happen, 0 for none
 * @param next where the recovery dies, its operations counted from 0 again, or null if it is let be
 */
public record CrashPoint(long operation, int cut, CrashOutcome outcome, CrashPoint next) {
    private static final String THEN = ", then ";

    public CrashPoint(long operation, int cut, CrashOutcome outcome) {
        this(operation, cut, outcome, null);
    }

    /** The inverse of {@link #toString}. */
    public static CrashPoint parse(String text) {
        int then = text.indexOf(THEN);
        CrashPoint next = then < 0 ? null : parse(text.substring(then + THEN.length()));
        String here = then < 0 ? text : text.substring(0, then);
        int space = here.indexOf(' ');
        if (space < 0) {
            throw new IllegalArgumentException("not a crash point: " + text);
        }
        String[] place = here.substring(0, space).split("\\+");
        return new CrashPoint(
                Long.parseLong(place[0]),
                place.length == 1 ? 0 : Integer.parseInt(place[1]),
                CrashOutcome.parse(here.substring(space + 1)),
                next);
    }

    @Override
    public String toString() {
        return operation + (cut == 0 ? "" : "+" + cut) + " " + outcome + (next == null ? "" : THEN + next);
    }
}
