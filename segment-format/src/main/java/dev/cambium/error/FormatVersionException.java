package dev.cambium.error;

/** A file was written by a newer Cambium, or with a feature this one does not have. Nothing on disk has been changed. */
public final class FormatVersionException extends StoreException {
    private static final long serialVersionUID = 1;

    public FormatVersionException(String file, String found, String supported) {
        super(file + " has " + found + "; this version of Cambium reads " + supported
                + ". Open it with a newer Cambium.");
    }
}
