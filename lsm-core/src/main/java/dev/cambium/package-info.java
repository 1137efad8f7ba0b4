/**
 * Cambium: an ordered key-value store in a directory, for one process at a time.
 *
 * <p>{@link dev.cambium.Store} is where to begin; {@link dev.cambium.Durability} says what survives what,
 * {@link dev.cambium.Options} how much memory is used. Everything that can go wrong with a store is in
 * {@code dev.cambium.error}.
 *
 * <pre>{@code
 * try (Store store = Store.open(Path.of("my.db"))) {
 *     byte[] key = "apple".getBytes(UTF_8);
 *     store.put(key, "red".getBytes(UTF_8));
 *     byte[] found = store.get(key);
 *
 *     Keyspace users = store.keyspace("users");
 *     store.write(new WriteBatch().delete(key).put(users, key, found), Durability.BUFFERED);
 *
 *     try (Snapshot then = store.snapshot();
 *             Cursor c = then.cursor(users, KeyRange.prefix("ap".getBytes(UTF_8)))) {
 *         while (c.next()) {
 *             System.out.println(new String(c.key(), UTF_8) + " = " + new String(c.value(), UTF_8));
 *         }
 *     }
 * }
 * }</pre>
 */
package dev.cambium;
