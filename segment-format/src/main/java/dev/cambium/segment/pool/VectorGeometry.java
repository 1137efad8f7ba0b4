package dev.cambium.segment.pool;

/**
 * How a {@link ReservedVector} reserves.
 *
 * @param minBytes of its first buffer; what its size class has beyond that is used too
 * @param maxBytes that it may hold
 * @param growthFactor by which its buffer grows where it is full, 2 or more
 * @param channelBytes how much is gathered before it is worth handing to a channel; {@code maxBytes} where nothing is
 */
public record VectorGeometry(int minBytes, int maxBytes, int growthFactor, int channelBytes) {
    public VectorGeometry {
        if (minBytes < 1 || maxBytes < minBytes || growthFactor < 2 || channelBytes < 1 || channelBytes > maxBytes) {
            throw new IllegalArgumentException(
                    "minBytes is " + minBytes + ", must be 1 or more; maxBytes is " + maxBytes
                            + ", must be minBytes or more; growthFactor is " + growthFactor
                            + ", must be 2 or more; channelBytes is " + channelBytes + ", must be 1 to maxBytes");
        }
    }

    /** Doubles, and is not drained. */
    public static VectorGeometry of(int minBytes, int maxBytes) {
        return new VectorGeometry(minBytes, maxBytes, 2, maxBytes);
    }
}
