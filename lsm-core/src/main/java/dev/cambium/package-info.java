/**
 * The store and its handles: all of the API but the errors, which stand in {@link dev.cambium.error}. Begin with
 * {@link dev.cambium.Store}.
 */
package dev.cambium;
