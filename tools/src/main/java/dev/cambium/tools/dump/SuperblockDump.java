package dev.cambium.tools.dump;

import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.manifest.SuperblockFile;
import dev.cambium.segment.memory.Memory;

/** Shows the file {@code SUPERBLOCK}: docs/FORMAT.md, section 5. Stateless. */
public final class SuperblockDump {
    private static final int[] SLOT_OFFSETS = {0, 65_536};
    private static final int SLOT_LENGTH = 4096;
    private static final int FILE_LENGTH = SLOT_OFFSETS[1] + SLOT_LENGTH;
    private static final int SEQUENCE_OFFSET = 88;
    private static final int CRC_OFFSET = 104;

    private static final Layout SLOT = Layout.head()
            .zero(4)
            .id("storeId")
            .id("lineage")
            .u64("incarnation")
            .hex("hashSeed", 8)
            .u64("manifestId")
            .u64("manifestLength")
            .u64("sequence")
            .millis("createdMillis")
            .hex("crc", 4)
            .zero(SLOT_LENGTH - CRC_OFFSET - 4);

    private SuperblockDump() {}

    /** Shows it; returns whether all of it holds. */
    public static boolean run(ZoneFileSystem disk, PartWriter out) {
        try (ZoneFile file = FileReader.open(disk, SuperblockFile.NAME)) {
            Memory all = FileReader.read(file, FILE_LENGTH);
            try {
                return run(file, all, out);
            } finally {
                all.release();
            }
        }
    }

    private static boolean run(ZoneFile file, Memory all, PartWriter out) {
        boolean sound = true;
        Part whole = new Part(file.name(), 0, Part.Style.LINE).remark(file.length() + " bytes");
        if (file.length() != FILE_LENGTH) {
            whole.broken("it must have " + FILE_LENGTH);
        }
        Layout.empty().zero(SLOT_OFFSETS[1] - SLOT_LENGTH).read(whole, all, SLOT_LENGTH, SLOT_LENGTH);
        out.write(whole);
        sound &= whole.holds();
        Part[] slots = {slot(all, 0), slot(all, 1)};
        long[] sequences = {sequence(all, slots[0], 0), sequence(all, slots[1], 1)};
        int current = sequences[1] > sequences[0] ? 1 : 0;
        if (sequences[current] > 0) {
            slots[current].remark("current");
            long other = sequences[1 - current];
            if (other > 0 && other != sequences[current] - 1) {
                slots[1 - current].broken("its sequence is not " + (sequences[current] - 1));
            } else if (slots[1 - current].holds()) {
                slots[1 - current].remark(other > 0 ? "the one before" : "never written");
                if (other == 0 && sequences[current] > 1) {
                    slots[1 - current].broken("superblock " + (sequences[current] - 1) + " must stand here");
                }
            }
        }
        for (Part slot : slots) {
            out.write(slot);
            sound &= slot.holds();
        }
        return sound;
    }

    private static Part slot(Memory all, int number) {
        int offset = SLOT_OFFSETS[number];
        Part part = new Part("slot " + number, offset, Part.Style.BLOCK);
        if (number == 1 && all.isZero(offset, SLOT_LENGTH)) {
            return part;
        }
        FileReader.checkHead(part, all, offset, "CAMB-SUP", CRC_OFFSET);
        SLOT.read(part, all, offset, offset);
        if (part.holds() && (all.getLong(offset + SEQUENCE_OFFSET) - 1 & 1) != number) {
            part.broken("its sequence belongs into the other slot");
        }
        return part;
    }

    private static long sequence(Memory all, Part slot, int number) {
        return slot.holds() ? all.getLong(SLOT_OFFSETS[number] + SEQUENCE_OFFSET) : 0;
    }
}
