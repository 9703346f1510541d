import type { BuildId, JobId } from '../kernel/model.ts';
import type { Database } from './database.ts';

/** What is recorded about the log of an attempt. */
export interface RecordedLog {
  job: JobId;
  attempt: number;
  bytes: number;
  /** the archive should have all of it; otherwise its end was lost with the runner */
  complete: boolean;
}

/** Logs that should be in the archive, of builds younger than `after`, oldest first. */
export async function recordedLogs(
  database: Database,
  after: number,
  builds: number,
): Promise<{ logs: RecordedLog[]; last: number | undefined }> {
  const page = await database.db
    .selectFrom('builds')
    .select('id')
    .where('id', '>', after)
    .orderBy('id')
    .limit(builds)
    .execute();
  const ids = page.map(({ id }) => id);
  const rows = await database.db
    .selectFrom('attempts')
    .innerJoin('jobs', 'jobs.id', 'attempts.job_id')
    .select(['attempts.job_id as job', 'attempts.number as attempt', 'attempts.log_bytes as bytes'])
    .select('attempts.log_complete as complete')
    .where('jobs.build_id', 'in', ids)
    .where('attempts.log_bytes', '>', 0)
    .orderBy('jobs.build_id')
    .execute();
  return {
    logs: rows.map((row) => ({ ...row, bytes: row.bytes ?? 0, complete: row.complete === 1 })),
    last: ids.at(-1),
  };
}

/** Finished builds whose files should be in test_results/, younger than `after`, oldest first. */
export async function reportedBuilds(
  database: Database,
  after: number,
  limit: number,
): Promise<{ id: BuildId; repo: string; sha: string }[]> {
  const rows = await database.db
    .selectFrom('builds')
    .select(['id', 'repo', 'sha'])
    .where('id', '>', after)
    .where('finished_at', 'is not', null)
    .where('reported_at', 'is not', null)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, id: String(row.id) as BuildId }));
}

/** Makes the reporter write the files of these builds again. */
export async function reportAgain(database: Database, ids: readonly BuildId[]): Promise<void> {
  for (const id of ids) {
    await database.write((db) =>
      db.updateTable('builds').set({ reported_at: null }).where('id', '=', Number(id)).execute(),
    );
  }
}
