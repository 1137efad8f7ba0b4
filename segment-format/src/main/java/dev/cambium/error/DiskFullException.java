package dev.cambium.error;

/** No room is left on the device. What was acknowledged stays, reads go on; the write that met this did not happen. */
public final class DiskFullException extends StoreIOException {
    private static final long serialVersionUID = 1;

    public DiskFullException(String message, Throwable cause) {
        super(message, cause);
    }
}
