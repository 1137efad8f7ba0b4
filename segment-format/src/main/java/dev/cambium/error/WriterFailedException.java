package dev.cambium.error;

/**
 * An earlier write to disk failed, so the store takes no more writes: what the operating system kept of the failed bytes
 * is unknown. Reads go on; close and reopen the store to write again. The cause is the first failure.
 */
public final class WriterFailedException extends StoreException {
    private static final long serialVersionUID = 1;

    public WriterFailedException(Throwable firstFailure) {
        super(
                "the store takes no more writes since an earlier one failed (" + firstFailure.getMessage()
                        + "); reads go on, reopen the store to write again",
                firstFailure);
    }
}
