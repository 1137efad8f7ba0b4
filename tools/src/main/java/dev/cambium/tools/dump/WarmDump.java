package dev.cambium.tools.dump;

import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.disk.ZoneFileSystem;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.frame.WarmPages;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.Pointer;

/** Shows the file {@code WARM}: docs/FORMAT.md, section 10. Stateless. */
public final class WarmDump {
    private static final Layout HEAD =
            Layout.head().id("storeId").u32("count").hex("entriesCrc", 4).hex("headCrc", 4);

    private static final Layout ENTRY = Layout.empty().pointer("pointer").hex("payloadCrc", 4);

    private WarmDump() {}

    /** Shows up to {@code limit} entries; returns whether all of it holds. */
    public static boolean run(ZoneFileSystem disk, long limit, PartWriter out) {
        try (ZoneFile file = FileReader.open(disk, WarmPages.NAME)) {
            long longest = WarmPages.ENTRIES_OFFSET + (long) WarmPages.MOST_PAGES * WarmPages.ENTRY_LENGTH;
            Memory all =
                    FileReader.read(file, (int) Math.max(WarmPages.ENTRIES_OFFSET, Math.min(longest, file.length())));
            try {
                return run(file, all, limit, out);
            } finally {
                all.release();
            }
        }
    }

    private static boolean run(ZoneFile file, Memory all, long limit, PartWriter out) {
        Part head = new Part(file.name(), 0, Part.Style.BLOCK).remark(file.length() + " bytes");
        FileReader.checkHead(head, all, 0, "CAMB-WRM", WarmPages.HEAD_CRC_OFFSET);
        HEAD.read(head, all, 0, 0);
        long count = all.getUnsignedInt(WarmPages.COUNT_OFFSET);
        long length = WarmPages.ENTRIES_OFFSET + count * WarmPages.ENTRY_LENGTH;
        if (length != file.length()) {
            head.broken("with so many entries it must have " + length + " bytes");
        } else {
            int crc = FormatHead.crc(all, WarmPages.ENTRIES_OFFSET, all.capacity() - WarmPages.ENTRIES_OFFSET);
            if (crc != all.getInt(WarmPages.ENTRIES_CRC_OFFSET)) {
                head.broken("the checksum of the entries is 0x" + Integer.toHexString(crc));
            }
        }
        out.write(head);
        boolean sound = head.holds();
        int entries = (all.capacity() - WarmPages.ENTRIES_OFFSET) / WarmPages.ENTRY_LENGTH;
        for (int i = 0; i < entries && !out.isClosed(); i++) {
            int at = WarmPages.ENTRIES_OFFSET + i * WarmPages.ENTRY_LENGTH;
            if (i == limit) {
                out.write(new Part("end", at, Part.Style.LINE).remark("stops here: --limit is reached"));
                break;
            }
            Part entry = new Part("page " + i, at, Part.Style.LINE);
            ENTRY.read(entry, all, at, at);
            if (!Pointer.isPlausible(all.getLong(at))) {
                entry.broken("this is no pointer to a page");
            }
            out.write(entry);
            sound &= entry.holds();
        }
        return sound;
    }
}
