package dev.cambium.error;

/** The operating system refused a read, a write or a force. The message names the file. */
public class StoreIOException extends StoreException {
    private static final long serialVersionUID = 1;

    public StoreIOException(String message, Throwable cause) {
        super(message, cause);
    }
}
