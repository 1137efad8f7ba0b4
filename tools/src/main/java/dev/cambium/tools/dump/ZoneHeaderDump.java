package dev.cambium.tools.dump;

import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.zone.ZoneHeader;
import java.util.Arrays;

/** Shows the header of a zone, and keeps the id of the store whose pages stand behind it. Immutable. */
final class ZoneHeaderDump {
    static final Layout HEADER = Layout.head()
            .zero(4)
            .id("storeId")
            .u64("zoneNumber")
            .u32("stream")
            .u32("expiryBucket")
            .millis("createdMillis")
            .u64("encryptionKeyId")
            .hex("crc", 4)
            .zero(ZoneHeader.LENGTH - ZoneHeader.FIELDS_LENGTH);

    private final Part part;
    private final byte[] storeId;

    private ZoneHeaderDump(Part part, byte[] storeId) {
        this.part = part;
        this.storeId = storeId;
    }

    /** @param expectedId of the store, or null where that is not known */
    static ZoneHeaderDump read(ZoneFile file, int zone, byte[] expectedId) {
        Memory page = FileReader.read(file, ZoneHeader.LENGTH);
        try {
            Part part = new Part("header", 0, Part.Style.BLOCK);
            FileReader.checkHead(part, page, 0, "CAMB-ZON", ZoneHeader.CRC_OFFSET);
            boolean intact = part.holds();
            HEADER.read(part, page, 0, 0);
            byte[] ownId = page.toArray(ZoneHeader.STORE_ID_OFFSET, ZoneHeader.STORE_ID_LENGTH);
            if (file.length() < ZoneHeader.LENGTH) {
                part.broken("the file has only " + file.length() + " bytes");
            }
            if (expectedId != null && !Arrays.equals(ownId, expectedId)) {
                part.broken("storeId is not that of the superblock");
            }
            if (page.getLong(ZoneHeader.ZONE_NUMBER_OFFSET) != zone) {
                part.broken("zoneNumber is not that of the file's name, " + zone);
            }
            if (page.getInt(ZoneHeader.EXPIRY_BUCKET_OFFSET) != 0
                    || page.getLong(ZoneHeader.ENCRYPTION_KEY_ID_OFFSET) != 0) {
                part.broken("expiryBucket or encryptionKeyId is not 0: a newer version wrote it");
            }
            return new ZoneHeaderDump(part, intact || expectedId == null ? ownId : expectedId);
        } finally {
            page.release();
        }
    }

    Part part() {
        return part;
    }

    /** The id under which the zone's pages were sealed: the header's own, or the superblock's where the header is damaged. */
    byte[] storeId() {
        return storeId;
    }
}
