package dev.cambium.tools.load;

/** A line that is no entry; the message says why. */
public final class MalformedLineException extends Exception {
    private static final long serialVersionUID = 1;

    public MalformedLineException(String reason) {
        super(reason, null, false, false); // made once a bad line, of which there may be millions
    }
}
