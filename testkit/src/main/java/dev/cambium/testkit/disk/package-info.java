/**
 * The simulated medium: keeps what is forced apart from what is only written, crashes at any operation, fails on request.
 *
 * <p>Assumptions about the medium, the same as the store's: a 512-byte sector holds one of its contents, whole; a forced byte
 * stays; a process's death loses nothing it has written. Nothing else is assumed: sectors reach the medium in any order.
 */
package dev.cambium.testkit.disk;
