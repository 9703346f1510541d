import type { BuildId, JobId } from '../kernel/model.ts';
import type { Record, Write } from './record.ts';
import type { IntentRow } from './schema.ts';

/** What a person asked for. It is written here before anybody hears of it, and stays open until it has had its effect. */
export interface Intent {
  id: number;
  kind: 'trigger' | 'cancel';
  repo: string;
  /** of a trigger: what to build, null for the default branch */
  ref: string | null;
  /** of a cancel */
  build: BuildId | null;
  /** of a cancel: null for the whole build */
  job: JobId | null;
  open: boolean;
  /** of a trigger that has had its effect */
  madeBuild: BuildId | null;
  error: { code: string; message: string } | null;
}

export async function openTrigger(record: Record, repo: string, ref: string | null): Promise<number> {
  return insert(record, { kind: 'trigger', repo, ref, build_id: null, job_id: null });
}

export async function openCancel(record: Record, repo: string, build: BuildId, job: JobId | null): Promise<number> {
  return insert(record, { kind: 'cancel', repo, ref: null, build_id: Number(build), job_id: job });
}

async function insert(
  record: Record,
  values: Pick<IntentRow, 'kind' | 'repo' | 'ref' | 'build_id' | 'job_id'>,
): Promise<number> {
  const row = await record.write((db) =>
    db
      .insertInto('intents')
      .values({ ...values, created_at: Date.now() })
      .returning('id')
      .executeTakeFirstOrThrow(),
  );
  return row.id;
}

export async function findIntent(record: Record, id: number): Promise<Intent | undefined> {
  const row = await record.db.selectFrom('intents').selectAll().where('id', '=', id).executeTakeFirst();
  return row && intentOf(row);
}

export async function openTriggers(record: Record, repo: string): Promise<Intent[]> {
  const rows = await record.db
    .selectFrom('intents')
    .selectAll()
    .where('closed_at', 'is', null)
    .where('kind', '=', 'trigger')
    .where('repo', '=', repo)
    .orderBy('id')
    .execute();
  return rows.map(intentOf);
}

export async function openCancels(record: Record): Promise<Intent[]> {
  const rows = await record.db
    .selectFrom('intents')
    .selectAll()
    .where('closed_at', 'is', null)
    .where('kind', '=', 'cancel')
    .orderBy('id')
    .execute();
  return rows.map(intentOf);
}

/** Closes an intent that has had its effect. */
export async function closeIntent(db: Write, id: number, madeBuild: BuildId | null = null): Promise<void> {
  await db
    .updateTable('intents')
    .set({ closed_at: Date.now(), made_build: madeBuild === null ? null : Number(madeBuild) })
    .where('id', '=', id)
    .where('closed_at', 'is', null)
    .execute();
}

/** Closes an intent that can have none. */
export async function failIntent(record: Record, id: number, error: { code: string; message: string }): Promise<void> {
  await record.write((db) =>
    db
      .updateTable('intents')
      .set({ closed_at: Date.now(), error_code: error.code, error_message: error.message })
      .where('id', '=', id)
      .where('closed_at', 'is', null)
      .execute(),
  );
}

function intentOf(row: IntentRow): Intent {
  return {
    id: row.id,
    kind: row.kind,
    repo: row.repo,
    ref: row.ref,
    build: row.build_id === null ? null : (String(row.build_id) as BuildId),
    job: row.job_id,
    open: row.closed_at === null,
    madeBuild: row.made_build === null ? null : (String(row.made_build) as BuildId),
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? '' },
  };
}
