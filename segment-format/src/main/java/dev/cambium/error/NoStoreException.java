package dev.cambium.error;

/** There is no store at the given place, and none was created. */
public final class NoStoreException extends StoreException {
    private static final long serialVersionUID = 1;

    public NoStoreException(String message) {
        super(message);
    }
}
