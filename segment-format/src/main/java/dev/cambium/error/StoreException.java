package dev.cambium.error;

/** Anything that keeps a store from doing what was asked, other than a mistake in the call itself. */
public class StoreException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public StoreException(String message) {
        super(message);
    }

    public StoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
