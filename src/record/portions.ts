/**
 * Rows that one statement writes. SQLite takes at most 32,766 values in one, and PostgreSQL 65,535; and each row costs some
 * time to put together, in which nothing else runs.
 */
const rowsAtOnce = 32;

/** Rows in portions that one statement takes, in their order. */
export function* portions<Row>(rows: readonly Row[]): Generator<Row[]> {
  for (let first = 0; first < rows.length; first += rowsAtOnce) yield rows.slice(first, first + rowsAtOnce);
}
