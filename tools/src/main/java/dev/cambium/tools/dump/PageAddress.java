package dev.cambium.tools.dump;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.page.SizeClass;
import java.io.IOException;
import java.util.HexFormat;

/**
 * A pointer to a page as a value that is shown: as text its digits, and zone and offset in the form in which {@code dump
 * … page} takes them; in JSON all its fields. Any 64 bits can be shown, whether they point to a page or not.
 */
record PageAddress(long pointer) {
    String digits() {
        return "0x" + HexFormat.of().toHexDigits(pointer);
    }

    /** Zone and offset as {@link PageName} parses them. */
    String place() {
        return Pointer.zone(pointer) + ":" + Pointer.offset(pointer);
    }

    String kind() {
        return PageNames.kind(Pointer.kind(pointer));
    }

    /** Adds what the bits say to a part; {@code offset} is where the pointer leads. */
    Part addTo(Part part, long offset) {
        return part.field("bits", offset, digits())
                .field("zone", offset, (long) Pointer.zone(pointer))
                .field("offset", offset, (long) Pointer.offset(pointer))
                .field("storedClass", offset, (long) Pointer.storedClass(pointer))
                .field("storedBytes", offset, (long) Pointer.storedBytes(pointer))
                .field("rawClass", offset, (long) Pointer.rawClass(pointer))
                .field("rawBytes", offset, (long) Pointer.rawBytes(pointer))
                .field("kind", offset, kind());
    }

    void writeMembers(JsonGenerator json) throws IOException {
        json.writeStringField("pointer", digits());
        if (pointer != Pointer.NULL) {
            json.writeNumberField("zone", Pointer.zone(pointer));
            json.writeNumberField("offset", Pointer.offset(pointer));
            json.writeNumberField("storedClass", Pointer.storedClass(pointer));
            json.writeNumberField("rawClass", Pointer.rawClass(pointer));
            json.writeStringField("kind", kind());
        }
    }

    /** Why the bits cannot point to a page, or null. */
    String problem() {
        if (Pointer.zone(pointer) == 0) {
            return "its zone is 0";
        } else if (Pointer.offset(pointer) < 4096) {
            return "its offset " + Pointer.offset(pointer) + " lies in the zone's header";
        } else if (Pointer.rawClass(pointer) > SizeClass.MOST_RAW) {
            return "its rawClass is " + Pointer.rawClass(pointer) + ", and there are 0 to " + SizeClass.MOST_RAW;
        } else if (Pointer.storedBytes(pointer) > Pointer.rawBytes(pointer)) {
            return "its storedClass " + Pointer.storedClass(pointer) + " names more bytes than its rawClass "
                    + Pointer.rawClass(pointer);
        }
        return Pointer.isPlausible(pointer) ? null : "its kind is " + Pointer.kind(pointer) + ", and there are 1 to 5";
    }

    @Override
    public String toString() {
        return digits() + (pointer == Pointer.NULL ? " (null)" : " (" + place() + " " + kind() + ")");
    }
}
