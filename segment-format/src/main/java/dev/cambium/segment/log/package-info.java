/**
 * The log: the file that holds batches until a flush has laid them down in runs.
 *
 * <p>A log file is a {@link dev.cambium.segment.log.LogHeader} of 4096 bytes, then
 * {@link dev.cambium.segment.log.LogRecord}s, each a batch of {@link dev.cambium.segment.log.Operation}s. A <em>position</em>
 * counts bytes over all logs of a store and is never reset; an <em>offset</em> counts bytes in one file.
 */
package dev.cambium.segment.log;
