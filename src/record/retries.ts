import { VoltError } from '../kernel/errors.ts';
import type { BuildId, JobId, Reason, Status } from '../kernel/model.ts';
import { serverNow } from '../kernel/server-time.ts';
import { statusBegun } from './commit-statuses.ts';
import type { Database, Write } from './database.ts';
import { closeIntent, type Intent } from './intents.ts';
import { repeatRuns } from './workflow-runs.ts';

/** A job of a build, as far as a retry needs it. */
interface FinishedJob {
  id: JobId;
  name: string;
  workflow: string | null;
  status: Status;
  reason: Reason | null;
  needs: string[];
}

/**
 * Moves jobs of a final build back to `waiting`, each with the number of a further attempt, and the build to `running`, all
 * or nothing. This is the only move out of a final status, and only a person's request makes it. Earlier attempts stay
 * recorded, and late messages about them are refused by their number.
 * @param choose chooses the jobs; if it throws, nothing is done and the request stays open
 * @throws VoltError `conflict` if its repository was removed and another one has its name, and errors of `choose`
 * @returns whether it was done; false if the request has been closed by another process
 */
export async function retryJobs(
  database: Database,
  { id, build }: Pick<Intent, 'id'> & { build: BuildId },
  choose: (jobs: FinishedJob[]) => JobId[],
): Promise<boolean> {
  return database.write(async (db) => {
    await checkRepository(db, build);
    const chosen = choose(await finishedJobs(db, build));
    if (!(await closeIntent(db, id, build))) return false;
    await forgetCancels(db, build, id);
    await repeatRuns(db, build, chosen);
    for (const job of chosen) await reopenJob(db, job);
    await reopenBuild(db, build);
    await statusBegun(db, Number(build));
    return true;
  });
}

/**
 * The retried jobs would get the secrets and the URL of the repository that has the name now.
 * @throws VoltError `conflict`
 */
async function checkRepository(db: Write, build: BuildId): Promise<void> {
  const row = await db
    .selectFrom('builds')
    .innerJoin('repositories', 'repositories.name', 'builds.repo')
    .select(['builds.repo', 'repositories.foreign_builds'])
    .where('builds.id', '=', Number(build))
    .executeTakeFirst();
  if (!row || Number(build) > row.foreign_builds) return;
  throw new VoltError('conflict', `build ${build} is of another repository, which was named ${row.repo} before`, {
    remedy: 'Trigger a build of the repository that has the name now.',
  });
}

async function finishedJobs(db: Write, build: BuildId): Promise<FinishedJob[]> {
  const rows = await db
    .selectFrom('jobs')
    .select(['id', 'name', 'workflow', 'status', 'reason', 'needs'])
    .where('build_id', '=', Number(build))
    .orderBy('position')
    .execute();
  return rows.map((row) => ({ ...row, needs: JSON.parse(row.needs) as string[] }));
}

/** Closes cancels that are older than the retry: they are done, even if that was not noted yet. */
async function forgetCancels(db: Write, build: BuildId, before: number): Promise<void> {
  await db
    .updateTable('intents')
    .set({ closed_at: serverNow() })
    .where('kind', '=', 'cancel')
    .where('build_id', '=', Number(build))
    .where('id', '<', before)
    .where('closed_at', 'is', null)
    .execute();
}

async function reopenJob(db: Write, job: JobId): Promise<void> {
  await db
    .updateTable('jobs')
    .set((eb) => ({
      status: 'waiting' as const,
      attempt: eb('attempt', '+', 1),
      first_attempt: eb('attempt', '+', 1),
      lost_attempts: 0,
      virtual_start: 0,
      due_at: null,
      avoid: null,
      reason: null,
      message: null,
      runner_id: null,
      runner_name: null,
      exit_code: null,
      outputs: null,
      started_at: null,
      finished_at: null,
    }))
    .where('id', '=', job)
    .execute();
}

async function reopenBuild(db: Write, build: BuildId): Promise<void> {
  // invalidates plans that were made of the build before the retry
  await db
    .updateTable('build_workflows')
    .set((eb) => ({
      revision: eb('revision', '+', 1),
      retried_after: eb.selectFrom('builds').select(({ fn }) => fn.max('id').as('id')),
    }))
    .where('build_id', '=', Number(build))
    .execute();
  await db
    .updateTable('builds')
    .set((eb) => ({
      status: 'running' as const,
      reason: null,
      // for a success the message is the observer's; otherwise it is the message of a job
      message: eb.case().when('status', '=', 'success').then(eb.ref('message')).else(null).end(),
      idle: eb('idle', '+', eb.fn.coalesce(eb(eb.val(serverNow()), '-', eb.ref('finished_at')), eb.val(0))),
      finished_at: null,
      reported_at: null,
    }))
    .where('id', '=', Number(build))
    .execute();
}
