/**
 * The memtable: a persistent B+tree of the PAM family whose entries lie in an off-heap arena.
 *
 * <p>Reading order: {@link dev.cambium.memtable.Arena} (where entries are), {@link dev.cambium.memtable.KeyBlock} (how a node
 * orders them), {@link dev.cambium.memtable.MemTree} (who may change what, and when it becomes visible),
 * {@link dev.cambium.memtable.BulkInsert} and {@link dev.cambium.memtable.TreeAlgebra} (whole trees at a time),
 * {@link dev.cambium.memtable.Memtable} (tree, arena and filter together).
 */
package dev.cambium.memtable;
