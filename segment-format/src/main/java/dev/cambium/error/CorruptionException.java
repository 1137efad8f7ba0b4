package dev.cambium.error;

/**
 * Bytes on disk are not what was written. Nothing on disk has been changed by the one who found out, and the store stays
 * closed (or keeps its state) rather than return something that may be wrong.
 */
public final class CorruptionException extends StoreException {
    private static final long serialVersionUID = 1;

    private final String file;
    private final long offset;

    /**
     * @param file name of the damaged file
     * @param offset bytes from the start of the file to the damaged field
     * @param expected what should stand there
     * @param found what does
     */
    public CorruptionException(String file, long offset, String expected, String found) {
        super(file + " is damaged at offset " + offset + ": expected " + expected + ", found " + found);
        this.file = file;
        this.offset = offset;
    }

    /** The same damage, as it was found elsewhere. */
    public CorruptionException(String consequence, CorruptionException cause) {
        super(consequence + cause.getMessage(), cause);
        this.file = cause.file;
        this.offset = cause.offset;
    }

    /** Name of the damaged file. */
    public String file() {
        return file;
    }

    /** Bytes from the start of the file to the damaged field. */
    public long offset() {
        return offset;
    }
}
