/*
 * Every statement of the demo, word for word: the simulated clusters have no CQL parser, and know these texts only.
 */

export const CREATE_KEYSPACE =
  "CREATE KEYSPACE IF NOT EXISTS helix_demo WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}";

export const CREATE_TABLE =
  "CREATE TABLE IF NOT EXISTS helix_demo.orders (id int PRIMARY KEY, customer text, amount bigint, note text)";

/** Values: id, customer, amount, note. */
export const INSERT_ORDER = "INSERT INTO helix_demo.orders (id, customer, amount, note) VALUES (?, ?, ?, ?)";

/** Values: customer, amount, id. */
export const UPDATE_ORDER = "UPDATE helix_demo.orders SET customer = ?, amount = ? WHERE id = ?";

/** Values: id. */
export const DELETE_ORDER = "DELETE FROM helix_demo.orders WHERE id = ?";

/** Every row, with the write time (microseconds) of every cell. */
export const SELECT_ORDERS =
  "SELECT id, customer, amount, note, WRITETIME(customer) AS customer_written, " +
  "WRITETIME(amount) AS amount_written, WRITETIME(note) AS note_written FROM helix_demo.orders";

export const TRUNCATE_ORDERS = "TRUNCATE helix_demo.orders";
