/** What a database contains, as far as it can be read without changing it. */
export interface RecordInspection {
  bytes: number;
  /** see migrations.ts */
  schemaVersion: number;
  recordId: string | undefined;
  /** faults that SQLite's quick check has found */
  faults: string[];
}
