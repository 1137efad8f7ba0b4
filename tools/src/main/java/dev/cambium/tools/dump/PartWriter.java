package dev.cambium.tools.dump;

/** Shows parts, in the order of the file. */
public interface PartWriter {
    void write(Part part);

    /** Whether nobody reads any more. */
    boolean isClosed();
}
