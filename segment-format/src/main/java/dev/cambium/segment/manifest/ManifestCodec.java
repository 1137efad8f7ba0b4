package dev.cambium.segment.manifest;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.format.ChecksumSeed;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.format.Name;
import dev.cambium.segment.format.RangeChecksums;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.Pointer;
import dev.cambium.segment.zone.ZoneHeader;
import dev.cambium.segment.zone.ZoneWriter;
import java.util.ArrayList;
import java.util.List;
import org.roaringbitmap.RoaringBitmap;

/**
 * How an edit stands in a manifest: a frame, in it one field for each record, the last of them COMMIT.
 * <pre>
 *   frame                                            field
 *   0     4        8         16                      0     2      4        8       8 + length  padded
 *   +-----+--------+---------+-------+---+--------+  +-----+------+--------+-------+-----------+
 *   | crc | length | version | field | … | COMMIT |  | tag | zero | length | value | zero      |
 *   +-----+--------+---------+-------+---+--------+  +-----+------+--------+-------+-----------+
 *     u32    u32       u64                             u16   u16     u32
 *
 *   1 KEYSPACE    0 id u32 · 4 name (UTF-8)
 *   2 LOG_NEXT    0 id u64 · 8 capacity u64
 *   3 LOG_DROP    0 firstLiveId u64
 *   4 CLEAN       0 incarnation u64 · 8 logId u64 · 16 position u64 · 24 batch u64
 *   5 LOG_ENDED   0 logId u64 · 8 end u64 · 16 lastBatch u64
 *  16 RUN         0 run u64 · 8 root u64 · 16 rootCrc u32 · 20 tier u32 · 24 oldest u64 · 32 newest u64 · 40 minBatch u64
 *                 48 maxBatch u64 · 56 entries u64 · 64 tombstones u64 · 72 bytes u64 · 80 rangeDeletes u64 (0)
 *                 88 zero u32 · 92 firstKeyLength u16 · 94 lastKeyLength u16 · 96 firstKey · lastKey
 *  17 RUN_DROP    0 run u64
 *  18 ZONE        0 zone u64 · 8 length u64 · 16 stream u32 · 20 state u32 (1 open, 2 sealed, 3 cut)
 *  23 ZONE_DROP   0 zone u64
 *  24 NEXT        0 zone u64 · 8 run u64 · 16 birth u64
 *  25 FLUSHED     0 batch u64
 *  26 PAGES_LIVE  0 zone u64 · 8 units (RoaringBitmap, portable format)
 *  27 PAGES_DEAD  0 zone u64 · 8 units
 *  28 RUN_MERGED  0 run u64 · 8 fromLength u16 · 10 toLength u16 (0: no end) · 12 zero u32 · 16 from · to
 * 255 COMMIT      0 version u64
 * 32797 ZONE_PUNCHED  0 zone u64 · 8 units
 * </pre>
 * Little-endian. A frame's {@code length} counts all of it and is a multiple of eight; a field's {@code length} counts its value
 * without the padding to a multiple of eight. {@code crc} is CRC32C over bytes [4, length) XOR the {@link ChecksumSeed} of the
 * manifest's id and the frame's offset in the file. Stateless; safe for any thread.
 */
final class ManifestCodec {
    static final int CRC_OFFSET = 0;
    static final int LENGTH_OFFSET = 4;
    static final int VERSION_OFFSET = 8;
    static final int FIELDS_OFFSET = 16;

    static final int FIELD_TAG_OFFSET = 0;
    static final int FIELD_ZERO_OFFSET = 2;
    static final int FIELD_LENGTH_OFFSET = 4;
    static final int FIELD_VALUE_OFFSET = 8;

    static final int ALIGNMENT = 8;
    static final int COMMIT_LENGTH = FIELD_VALUE_OFFSET + 8;
    static final int MIN_LENGTH = FIELDS_OFFSET + COMMIT_LENGTH;

    private static final ManifestRecord.ZoneState[] ZONE_STATES = ManifestRecord.ZoneState.values();

    /** 256 MiB: the first edit of a manifest says which values live, of each that lies among dead ones. */
    static final int MAX_LENGTH = 1 << 28;

    private ManifestCodec() {}

    private static int padded(int length) {
        return (length + (ALIGNMENT - 1)) & -ALIGNMENT;
    }

    /** Writes the frame that stands at {@code fileOffset} of the manifest; the caller releases the block. */
    static Memory encode(ManifestEdit edit, long manifestId, long fileOffset) {
        long length = MIN_LENGTH;
        for (ManifestRecord record : edit.records()) {
            length += FIELD_VALUE_OFFSET + padded(valueLength(record));
        }
        if (length > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "an edit of " + length + " bytes; at most " + MAX_LENGTH + " are allowed");
        }
        Memory frame = Memory.allocate((int) length);
        frame.putInt(LENGTH_OFFSET, (int) length);
        frame.putLong(VERSION_OFFSET, edit.version());
        int at = FIELDS_OFFSET;
        for (ManifestRecord record : edit.records()) {
            int valueLength = valueLength(record);
            frame.putShort(at + FIELD_TAG_OFFSET, tag(record));
            frame.putInt(at + FIELD_LENGTH_OFFSET, valueLength);
            putValue(frame, at + FIELD_VALUE_OFFSET, record);
            at += FIELD_VALUE_OFFSET + padded(valueLength);
        }
        frame.putShort(at + FIELD_TAG_OFFSET, ManifestRecord.TAG_COMMIT);
        frame.putInt(at + FIELD_LENGTH_OFFSET, 8);
        frame.putLong(at + FIELD_VALUE_OFFSET, edit.version());
        seal(frame, 0, manifestId, fileOffset);
        return frame;
    }

    /** Writes the checksum of a frame that is complete but for it. */
    static void seal(Memory memory, int offset, long manifestId, long fileOffset) {
        memory.putInt(offset + CRC_OFFSET, crc(memory, offset, manifestId, fileOffset));
    }

    private static int crc(Memory memory, int offset, long manifestId, long fileOffset) {
        int length = memory.getInt(offset + LENGTH_OFFSET);
        return FormatHead.crc(memory, offset + LENGTH_OFFSET, length - LENGTH_OFFSET)
                ^ ChecksumSeed.of(manifestId, fileOffset);
    }

    /** Whether a frame that was sealed for this place stands at {@code offset} and ends at or before {@code limit}. */
    static boolean isValid(Memory memory, int offset, int limit, long manifestId, long fileOffset) {
        return hasPlausibleLength(memory, offset, limit)
                && memory.getInt(offset + CRC_OFFSET) == crc(memory, offset, manifestId, fileOffset);
    }

    /** As {@link #isValid} for a whole file in memory, in a time that does not grow with the frame. */
    static boolean isValid(Memory file, int offset, long manifestId, RangeChecksums checksums) {
        if (!hasPlausibleLength(file, offset, file.capacity())) {
            return false;
        }
        int crc = checksums.of(offset + LENGTH_OFFSET, offset + file.getInt(offset + LENGTH_OFFSET));
        return file.getInt(offset + CRC_OFFSET) == (crc ^ ChecksumSeed.of(manifestId, offset));
    }

    private static boolean hasPlausibleLength(Memory memory, int offset, int limit) {
        if (limit - offset < MIN_LENGTH) {
            return false;
        }
        int length = memory.getInt(offset + LENGTH_OFFSET);
        return length >= MIN_LENGTH && length <= Math.min(MAX_LENGTH, limit - offset) && length % ALIGNMENT == 0;
    }

    private static int tag(ManifestRecord record) {
        if (record instanceof ManifestRecord.Keyspace) {
            return ManifestRecord.TAG_KEYSPACE;
        } else if (record instanceof ManifestRecord.LogNext) {
            return ManifestRecord.TAG_LOG_NEXT;
        } else if (record instanceof ManifestRecord.LogDrop) {
            return ManifestRecord.TAG_LOG_DROP;
        } else if (record instanceof ManifestRecord.Clean) {
            return ManifestRecord.TAG_CLEAN;
        } else if (record instanceof ManifestRecord.LogEnded) {
            return ManifestRecord.TAG_LOG_ENDED;
        } else if (record instanceof ManifestRecord.Run) {
            return ManifestRecord.TAG_RUN;
        } else if (record instanceof ManifestRecord.RunDrop) {
            return ManifestRecord.TAG_RUN_DROP;
        } else if (record instanceof ManifestRecord.Zone) {
            return ManifestRecord.TAG_ZONE;
        } else if (record instanceof ManifestRecord.ZoneDrop) {
            return ManifestRecord.TAG_ZONE_DROP;
        } else if (record instanceof ManifestRecord.Next) {
            return ManifestRecord.TAG_NEXT;
        } else if (record instanceof ManifestRecord.Flushed) {
            return ManifestRecord.TAG_FLUSHED;
        } else if (record instanceof ManifestRecord.PagesLive) {
            return ManifestRecord.TAG_PAGES_LIVE;
        } else if (record instanceof ManifestRecord.PagesDead) {
            return ManifestRecord.TAG_PAGES_DEAD;
        } else if (record instanceof ManifestRecord.RunMerged) {
            return ManifestRecord.TAG_RUN_MERGED;
        } else if (record instanceof ManifestRecord.ZonePunched) {
            return ManifestRecord.TAG_ZONE_PUNCHED;
        }
        throw new IllegalArgumentException("not a record to be written: " + record);
    }

    private static int valueLength(ManifestRecord record) {
        if (record instanceof ManifestRecord.Keyspace keyspace) {
            return 4 + Name.encode(keyspace.name()).length;
        }
        if (record instanceof ManifestRecord.PagesLive live) {
            return UnitsField.length(live.units());
        }
        if (record instanceof ManifestRecord.PagesDead dead) {
            return UnitsField.length(dead.units());
        }
        if (record instanceof ManifestRecord.ZonePunched punched) {
            return UnitsField.length(punched.units());
        }
        if (record instanceof ManifestRecord.RunMerged merged) {
            return RunMergedField.length(merged);
        }
        return record instanceof ManifestRecord.Run run ? RunField.length(run) : fixedLength(tag(record));
    }

    /** Bytes of the value of a tag whose values all have the same length, 0 for the others. */
    private static int fixedLength(int tag) {
        return switch (tag) {
            case ManifestRecord.TAG_LOG_NEXT -> 16;
            case ManifestRecord.TAG_LOG_DROP,
                    ManifestRecord.TAG_RUN_DROP,
                    ManifestRecord.TAG_ZONE_DROP,
                    ManifestRecord.TAG_FLUSHED,
                    ManifestRecord.TAG_COMMIT -> 8;
            case ManifestRecord.TAG_CLEAN -> 32;
            case ManifestRecord.TAG_LOG_ENDED, ManifestRecord.TAG_ZONE, ManifestRecord.TAG_NEXT -> 24;
            default -> 0;
        };
    }

    private static void putValue(Memory memory, int at, ManifestRecord record) {
        if (record instanceof ManifestRecord.Keyspace keyspace) {
            byte[] name = Name.encode(keyspace.name());
            memory.putInt(at, keyspace.id());
            memory.put(at + 4, name, 0, name.length);
        } else if (record instanceof ManifestRecord.LogNext next) {
            memory.putLong(at, next.id());
            memory.putLong(at + 8, next.capacity());
        } else if (record instanceof ManifestRecord.LogDrop drop) {
            memory.putLong(at, drop.firstLiveId());
        } else if (record instanceof ManifestRecord.Clean clean) {
            memory.putLong(at, clean.incarnation());
            memory.putLong(at + 8, clean.logId());
            memory.putLong(at + 16, clean.position());
            memory.putLong(at + 24, clean.batch());
        } else if (record instanceof ManifestRecord.LogEnded ended) {
            memory.putLong(at, ended.logId());
            memory.putLong(at + 8, ended.end());
            memory.putLong(at + 16, ended.lastBatch());
        } else if (record instanceof ManifestRecord.Run run) {
            RunField.put(memory, at, run);
        } else if (record instanceof ManifestRecord.PagesLive live) {
            UnitsField.put(memory, at, live.zone(), live.units());
        } else if (record instanceof ManifestRecord.PagesDead dead) {
            UnitsField.put(memory, at, dead.zone(), dead.units());
        } else if (record instanceof ManifestRecord.ZonePunched punched) {
            UnitsField.put(memory, at, punched.zone(), punched.units());
        } else if (record instanceof ManifestRecord.RunMerged merged) {
            RunMergedField.put(memory, at, merged);
        } else if (record instanceof ManifestRecord.RunDrop drop) {
            memory.putLong(at, drop.id());
        } else if (record instanceof ManifestRecord.Zone zone) {
            memory.putLong(at, zone.number());
            memory.putLong(at + 8, zone.length());
            memory.putInt(at + 16, zone.stream());
            memory.putInt(at + 20, zone.state().ordinal() + 1);
        } else if (record instanceof ManifestRecord.ZoneDrop drop) {
            memory.putLong(at, drop.number());
        } else if (record instanceof ManifestRecord.Next next) {
            memory.putLong(at, next.zone());
            memory.putLong(at + 8, next.run());
            memory.putLong(at + 16, next.birth());
        } else if (record instanceof ManifestRecord.Flushed flushed) {
            memory.putLong(at, flushed.batch());
        }
    }

    /**
     * The edit in a valid frame.
     *
     * @throws CorruptionException where its fields do not fill it, or hold what no writer can have written
     * @throws FormatVersionException where there is a tag that is not known and may not be skipped
     */
    static ManifestEdit decode(Memory memory, int offset, String file, long fileOffset) {
        int end = offset + memory.getInt(offset + LENGTH_OFFSET);
        long version = memory.getLong(offset + VERSION_OFFSET);
        if (version <= 0) {
            throw new CorruptionException(
                    file, fileOffset + VERSION_OFFSET, "a version of 1 or more", Long.toUnsignedString(version));
        }
        List<ManifestRecord> records = new ArrayList<>();
        int at = offset + FIELDS_OFFSET;
        while (true) {
            long fieldOffset = fileOffset + (at - offset);
            if (end - at < FIELD_VALUE_OFFSET) {
                throw new CorruptionException(file, fieldOffset, "a COMMIT at the end of the edit", "none");
            }
            int tag = memory.getUnsignedShort(at + FIELD_TAG_OFFSET);
            int length = memory.getInt(at + FIELD_LENGTH_OFFSET);
            if (length < 0 || length > end - at - FIELD_VALUE_OFFSET) {
                throw new CorruptionException(
                        file,
                        fieldOffset + FIELD_LENGTH_OFFSET,
                        "at most " + (end - at - FIELD_VALUE_OFFSET) + " bytes",
                        Integer.toUnsignedString(length));
            }
            FormatHead.checkZero(memory, at + FIELD_ZERO_OFFSET, 2, file, fieldOffset + FIELD_ZERO_OFFSET);
            int value = at + FIELD_VALUE_OFFSET;
            // The frame ends at a multiple of eight, so the padding is inside it too.
            FormatHead.checkZero(
                    memory, value + length, padded(length) - length, file, fieldOffset + FIELD_VALUE_OFFSET + length);
            int fixed = fixedLength(tag);
            if (fixed != 0 && length != fixed) {
                throw new CorruptionException(
                        file, fieldOffset + FIELD_LENGTH_OFFSET, fixed + " bytes for the tag " + tag, "" + length);
            }
            at = value + padded(length);
            if (tag == ManifestRecord.TAG_COMMIT) {
                if (memory.getLong(value) != version || at != end) {
                    throw new CorruptionException(
                            file,
                            fieldOffset,
                            "COMMIT(" + version + ") at the end of the edit",
                            "COMMIT(" + memory.getLong(value) + ") and " + (end - at) + " more bytes");
                }
                return new ManifestEdit(version, records);
            }
            records.add(decodeValue(memory, tag, value, length, file, fieldOffset));
        }
    }

    private static ManifestRecord decodeValue(
            Memory memory, int tag, int value, int length, String file, long fieldOffset) {
        switch (tag) {
            case ManifestRecord.TAG_KEYSPACE:
                String name = length < 4 ? null : Name.decode(memory, value + 4, length - 4);
                if (name == null) {
                    throw new CorruptionException(
                            file, fieldOffset, "a keyspace's id and name", length + " other bytes");
                }
                return new ManifestRecord.Keyspace(memory.getInt(value), name);
            case ManifestRecord.TAG_LOG_NEXT:
                return new ManifestRecord.LogNext(memory.getLong(value), memory.getLong(value + 8));
            case ManifestRecord.TAG_LOG_DROP:
                return new ManifestRecord.LogDrop(memory.getLong(value));
            case ManifestRecord.TAG_CLEAN:
                return new ManifestRecord.Clean(
                        memory.getLong(value),
                        memory.getLong(value + 8),
                        memory.getLong(value + 16),
                        memory.getLong(value + 24));
            case ManifestRecord.TAG_LOG_ENDED:
                return new ManifestRecord.LogEnded(
                        memory.getLong(value), memory.getLong(value + 8), memory.getLong(value + 16));
            case ManifestRecord.TAG_RUN:
                return RunField.read(memory, value, length, file, fieldOffset);
            case ManifestRecord.TAG_RUN_DROP:
                return new ManifestRecord.RunDrop(memory.getLong(value));
            case ManifestRecord.TAG_ZONE:
                return readZone(memory, value, file, fieldOffset);
            case ManifestRecord.TAG_ZONE_DROP:
                return new ManifestRecord.ZoneDrop(zoneNumber(memory, value, file, fieldOffset));
            case ManifestRecord.TAG_PAGES_LIVE, ManifestRecord.TAG_PAGES_DEAD:
                RoaringBitmap units = UnitsField.read(memory, value, length, file, fieldOffset);
                int unitsOf = zoneNumber(memory, value, file, fieldOffset);
                return tag == ManifestRecord.TAG_PAGES_LIVE
                        ? new ManifestRecord.PagesLive(unitsOf, units)
                        : new ManifestRecord.PagesDead(unitsOf, units);
            case ManifestRecord.TAG_ZONE_PUNCHED:
                return new ManifestRecord.ZonePunched(
                        zoneNumber(memory, value, file, fieldOffset),
                        UnitsField.read(memory, value, length, file, fieldOffset));
            case ManifestRecord.TAG_RUN_MERGED:
                return RunMergedField.read(memory, value, length, file, fieldOffset);
            case ManifestRecord.TAG_FLUSHED:
                return new ManifestRecord.Flushed(memory.getLong(value));
            case ManifestRecord.TAG_NEXT:
                if (memory.getLong(value + 8) <= 0 || memory.getLong(value + 16) <= 0) {
                    throw new CorruptionException(file, fieldOffset, "numbers of 1 or more", "others");
                }
                return new ManifestRecord.Next(
                        nextZone(memory, value, file, fieldOffset),
                        memory.getLong(value + 8),
                        memory.getLong(value + 16));
            default:
                if ((tag & ManifestRecord.MAY_BE_SKIPPED) == 0) {
                    throw new FormatVersionException(
                            file,
                            "a manifest record with the tag " + tag + " at offset " + fieldOffset,
                            "tags 1 to 5, 16 to 18, 23 to 28");
                }
                return new ManifestRecord.Skipped(tag, length);
        }
    }

    private static ManifestRecord readZone(Memory memory, int value, String file, long fieldOffset) {
        long length = memory.getLong(value + 8);
        int state = memory.getInt(value + 20);
        if (length < ZoneHeader.LENGTH
                || length % Pointer.ALIGNMENT != 0
                || length >>> 31 != 0
                || state < 1
                || state > ZONE_STATES.length
                || state == 1 && length > ZoneWriter.MAX_LENGTH) {
            throw new CorruptionException(
                    file,
                    fieldOffset,
                    "a zone of 4096 bytes or more, in state 1 to 3",
                    Long.toUnsignedString(length) + " bytes, state " + Integer.toUnsignedString(state));
        }
        return new ManifestRecord.Zone(
                zoneNumber(memory, value, file, fieldOffset),
                length,
                memory.getInt(value + 16),
                ZONE_STATES[state - 1]);
    }

    private static int zoneNumber(Memory memory, int value, String file, long fieldOffset) {
        long zone = memory.getLong(value);
        if (zone <= 0 || zone > Pointer.MOST_ZONE) {
            throw new CorruptionException(
                    file, fieldOffset, "a zone number of 1 to " + Pointer.MOST_ZONE, Long.toUnsignedString(zone));
        }
        return (int) zone;
    }

    /** A number that may be one above the last that there can be. */
    private static int nextZone(Memory memory, int value, String file, long fieldOffset) {
        return memory.getLong(value) == Pointer.MOST_ZONE + 1L
                ? Pointer.MOST_ZONE + 1
                : zoneNumber(memory, value, file, fieldOffset);
    }
}
