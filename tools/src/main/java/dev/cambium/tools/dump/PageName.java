package dev.cambium.tools.dump;

import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.zone.ZoneFiles;
import dev.cambium.tools.CommandException;
import dev.cambium.tools.ExitCode;

/**
 * A page as the command line names it: by its pointer, or by zone and offset.
 *
 * @param pointer {@link Pointer#NULL} where only the place was given
 */
record PageName(int zone, int offset, long pointer) {
    private static final String FORMS = ": give its pointer as 0x and up to 16 hexadecimal digits, or its place as"
            + " ZONE:OFFSET, such as 1:4096 or zone-0000000000000001:4096";

    /** Understands both forms, or says what is wrong. */
    static PageName parse(String text) {
        if (text == null) {
            throw wrong("which page" + FORMS);
        }
        int colon = text.lastIndexOf(':');
        if (colon >= 0) {
            return place(text, text.substring(0, colon), text.substring(colon + 1));
        }
        long pointer = text.matches("0x[0-9a-fA-F]{1,16}") ? Long.parseUnsignedLong(text.substring(2), 16) : 0;
        if (pointer == Pointer.NULL && !text.matches("0x0{1,16}")) {
            throw wrong("'" + text + "' names no page" + FORMS);
        }
        PageAddress address = new PageAddress(pointer);
        if (address.problem() != null) {
            throw wrong("the pointer " + address.digits() + " leads to no page: " + address.problem());
        }
        return new PageName(Pointer.zone(pointer), Pointer.offset(pointer), pointer);
    }

    private static PageName place(String text, String zone, String offset) {
        long number = ZoneFiles.numberOf(zone) > 0 ? ZoneFiles.numberOf(zone) : number(zone);
        long at = number(offset);
        if (number < 0 || at < 0) {
            throw wrong("'" + text + "' names no page" + FORMS);
        }
        if (number == 0 || number > Pointer.MOST_ZONE) {
            throw wrong("the zone is " + number + ", must be 1 to " + Pointer.MOST_ZONE);
        }
        if (at < 4096 || at >= 1 << 28 || at % Pointer.ALIGNMENT != 0) {
            throw wrong("no page begins at " + at + ": pages begin at multiples of " + Pointer.ALIGNMENT
                    + " from 4096 on, below 256 MiB");
        }
        return new PageName((int) number, (int) at, Pointer.NULL);
    }

    /** A number in decimal or hexadecimal digits, or -1. */
    private static long number(String text) {
        if (text.matches("0x[0-9a-fA-F]{1,15}")) {
            return Long.parseLong(text.substring(2), 16);
        }
        return text.matches("[0-9]{1,18}") ? Long.parseLong(text) : -1;
    }

    static CommandException wrong(String problem) {
        return new CommandException(ExitCode.USAGE, problem);
    }
}
