/** What a record holds, as far as it can be told without changing it. */
export interface RecordInspection {
  bytes: number;
  /** as migrations.ts counts it */
  schemaVersion: number;
  recordId: string | undefined;
  /** what SQLite's quick check complains of; empty when all is well */
  faults: string[];
}
