/**
 * Most rows that one statement writes. SQLite allows at most 32,766 values in a statement, PostgreSQL 65,535; and building each row
 * takes time in which nothing else runs.
 */
const batchSize = 32;

/** Splits rows into batches for one statement each, in their order. */
export function* rowBatches<Row>(rows: readonly Row[]): Generator<Row[]> {
  for (let first = 0; first < rows.length; first += batchSize) yield rows.slice(first, first + batchSize);
}
