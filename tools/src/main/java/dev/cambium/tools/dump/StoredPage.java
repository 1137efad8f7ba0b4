package dev.cambium.tools.dump;

import dev.cambium.error.CorruptionException;
import dev.cambium.error.FormatVersionException;
import dev.cambium.segment.disk.ZoneFile;
import dev.cambium.segment.format.FormatHead;
import dev.cambium.segment.memory.Memory;
import dev.cambium.segment.page.PageHeader;
import dev.cambium.segment.page.PageOpener;
import dev.cambium.segment.page.Pointer;

/**
 * One page, copied out of its zone and unpacked as far as that goes, and what is wrong with it. Ownership: whoever read it
 * closes it. One thread.
 */
final class StoredPage implements AutoCloseable {
    private final Memory stored;
    private final String headerProblem;
    private String payloadProblem;
    private Memory raw;
    private String rawProblem;

    private StoredPage(Memory stored, String headerProblem) {
        this.stored = stored;
        this.headerProblem = headerProblem;
    }

    /**
     * Reads the page that begins at {@code offset}; nothing behind {@code end}, which is not before the first byte of the page.
     *
     * @param storeId under which pages of this zone were sealed
     */
    static StoredPage read(ZoneFile file, int zone, long offset, long end, byte[] storeId) {
        int available = (int) Math.min(end - offset, PageHeader.MAX_PAGE_LENGTH + Pointer.ALIGNMENT);
        Memory header = Memory.allocate(PageHeader.LENGTH);
        try {
            file.read(offset, header, 0, Math.min(available, PageHeader.LENGTH));
            String problem = PageHeaderDump.problem(header, available, storeId, zone, offset, file.name());
            Memory stored = Memory.allocate(Math.max(PageHeader.LENGTH, length(header, available)));
            StoredPage page = new StoredPage(stored, problem);
            try {
                file.read(offset, stored, 0, Math.min(available, stored.capacity()));
                if (problem == null) {
                    page.openPayload(file.name(), offset);
                }
                return page;
            } catch (RuntimeException | Error e) {
                page.close();
                throw e;
            }
        } finally {
            header.release();
        }
    }

    /** Bytes of the page with its padding, or of as much as there can be of one. */
    private static int length(Memory header, int available) {
        long length = header.getUnsignedInt(PageHeader.STORED_LENGTH_OFFSET);
        boolean plausible = length > PageHeader.LENGTH && length <= PageHeader.MAX_PAGE_LENGTH;
        long padded = plausible ? length + Pointer.ALIGNMENT - 1 & -Pointer.ALIGNMENT : Pointer.ALIGNMENT;
        return (int) Math.min(available, padded);
    }

    private void openPayload(String file, long offset) {
        try {
            PageOpener.verifyPayload(stored, 0, file, offset);
            int length = PageHeader.storedLength(stored, 0);
            FormatHead.checkZero(stored, length, stored.capacity() - length, file, offset + length);
        } catch (CorruptionException e) {
            payloadProblem = e.getMessage();
        }
        raw = Memory.allocate(PageHeader.rawLength(stored, 0));
        try {
            PageOpener.unpackUnchecked(stored, 0, file, offset, raw);
        } catch (CorruptionException e) {
            rawProblem = e.getMessage();
            raw.release();
            raw = null;
            return;
        }
        try {
            PageOpener.check(raw, file, offset);
        } catch (CorruptionException | FormatVersionException e) {
            rawProblem = e.getMessage();
        }
    }

    /** Bytes as they stand in the zone, padding included. */
    Memory stored() {
        return stored;
    }

    /** Whether the header holds. */
    boolean hasHeader() {
        return headerProblem == null;
    }

    /** What is wrong with header or payload, or null. */
    String storedProblem() {
        return headerProblem == null ? payloadProblem : headerProblem;
    }

    /** The raw page, also where it does not hold; null where the header does not hold, or the payload cannot be unpacked. */
    Memory raw() {
        return raw;
    }

    /** What is wrong with the raw page, or null; nothing is known where there is no header that holds. */
    String rawProblem() {
        return rawProblem;
    }

    /** Whatever is wrong, or null. */
    String problem() {
        return storedProblem() == null ? rawProblem : storedProblem();
    }

    @Override
    public void close() {
        stored.release();
        if (raw != null) {
            raw.release();
        }
    }
}
