/**
 * What can go wrong with a store. Every type extends {@link dev.cambium.error.StoreException}, which is unchecked.
 * A caller's own mistake is an {@link java.lang.IllegalArgumentException}; use after close is an
 * {@link java.lang.IllegalStateException}.
 */
package dev.cambium.error;
