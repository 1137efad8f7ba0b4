/**
 * What lies in zones: {@link dev.cambium.run.Zones} names and keeps the files, {@link dev.cambium.run.LiveRun} is a run that readers hold,
 * {@link dev.cambium.run.Flusher} lays memtables down and merges young runs, in the background.
 */
package dev.cambium.run;
