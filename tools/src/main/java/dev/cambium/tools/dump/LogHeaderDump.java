package dev.cambium.tools.dump;

import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.format.ChecksumSeed;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.log.LogHeader;
import dev.cambium.segment.memory.Memory;

/** Shows the four sectors of a log's header, and keeps what the reader of its records needs. */
final class LogHeaderDump {
    private static final int START_CRC_OFFSET = 56;
    private static final int SLOT_CRC_OFFSET = 24;

    private static final Layout IDENTITY = Layout.head()
            .u32("alignment")
            .id("storeId")
            .u64("logId")
            .hex("salt", 8)
            .u64("capacity")
            .hex("crc", 4)
            .zero(LogHeader.SECTOR_LENGTH - LogHeader.IDENTITY_LENGTH);
    private static final Layout START = Layout.empty()
            .id("bootId")
            .u64("basePosition")
            .u64("previousId")
            .u64("previousEnd")
            .u64("previousLastBatch")
            .u64("forcedThrough")
            .hex("crc", 4)
            .u32("marker")
            .zero(LogHeader.SECTOR_LENGTH - 64);
    private static final Layout SLOT = Layout.empty()
            .u64("sequence")
            .u64("position")
            .u64("batch")
            .hex("crc", 4)
            .zero(LogHeader.SECTOR_LENGTH - 28);

    private final long salt;
    private boolean holds;
    private boolean started;
    private long basePosition;
    private long previousLastBatch;
    private long forcedThrough;

    private LogHeaderDump(long salt) {
        this.salt = salt;
    }

    static LogHeaderDump run(ZoneFile file, long id, PartWriter out) {
        Memory page = FileReader.read(file, LogHeader.LENGTH);
        try {
            LogHeaderDump header = new LogHeaderDump(page.getLong(LogHeader.SALT_OFFSET));
            Part identity = identity(page, id, file.length());
            out.write(identity);
            Part start = header.start(page);
            out.write(start);
            header.holds = identity.holds() && start.holds();
            out.write(header.slot(page, 0, LogHeader.SLOT_0_SECTOR));
            out.write(header.slot(page, 1, LogHeader.SLOT_1_SECTOR));
            return header;
        } finally {
            page.release();
        }
    }

    private static Part identity(Memory page, long id, long fileLength) {
        Part part = new Part("identity", LogHeader.IDENTITY_SECTOR, Part.Style.BLOCK);
        FileReader.checkHead(part, page, 0, "CAMB-LOG", LogHeader.CRC_OFFSET);
        IDENTITY.read(part, page, 0, 0);
        Layout.empty()
                .zero(LogHeader.LENGTH - LogHeader.ZERO_OFFSET)
                .read(part, page, LogHeader.ZERO_OFFSET, LogHeader.ZERO_OFFSET);
        if (page.getLong(LogHeader.LOG_ID_OFFSET) != id) {
            part.broken("logId is not that of the file's name, " + id);
        }
        if (page.getLong(LogHeader.CAPACITY_OFFSET) != fileLength) {
            part.broken("capacity is not the file's length, " + fileLength);
        }
        return part;
    }

    private Part start(Memory page) {
        int at = LogHeader.START_SECTOR;
        Part part = new Part("START", at, Part.Style.BLOCK);
        if (page.isZero(at, LogHeader.SECTOR_LENGTH)) {
            return part.remark("never written: the log has not been started");
        }
        FileReader.checkCrc(
                part,
                page.getInt(at + START_CRC_OFFSET),
                FormatHead.crc(page, at, START_CRC_OFFSET) ^ ChecksumSeed.of(salt, at));
        START.read(part, page, at, at);
        started = part.holds();
        basePosition = page.getLong(at + 16);
        previousLastBatch = page.getLong(at + 40);
        forcedThrough = started ? page.getLong(at + 48) : 0;
        return part;
    }

    private Part slot(Memory page, int number, int at) {
        Part part = new Part("forced slot " + number, at, Part.Style.BLOCK);
        if (page.isZero(at, LogHeader.SECTOR_LENGTH)) {
            return part.remark("never stored");
        }
        FileReader.checkCrc(
                part,
                page.getInt(at + SLOT_CRC_OFFSET),
                FormatHead.crc(page, at, SLOT_CRC_OFFSET) ^ ChecksumSeed.of(salt, at));
        SLOT.read(part, page, at, at);
        if (part.holds() && (page.getLong(at) - 1 & 1) != number) {
            part.broken("its sequence belongs into the other slot");
        }
        if (part.holds()) {
            forcedThrough = Math.max(forcedThrough, page.getLong(at + 8));
        }
        return part;
    }

    /** Whether identity and START hold; a crash may leave one damaged slot. */
    boolean holds() {
        return holds;
    }

    boolean canReadRecords() {
        return holds && started;
    }

    long salt() {
        return salt;
    }

    /** The position that stands at an offset of the file. */
    long position(int fileOffset) {
        return basePosition + fileOffset - LogHeader.LENGTH;
    }

    long previousLastBatch() {
        return previousLastBatch;
    }

    /** The greatest position that the header says is forced. */
    long forcedThrough() {
        return forcedThrough;
    }
}
