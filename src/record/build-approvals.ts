import { type ApprovalChange, type BuildId, type JobId, jobIdOf } from '../kernel/model.ts';
import type { PullRequestDetails } from '../kernel/pull-request.ts';
import { serverNow } from '../kernel/server-time.ts';
import { approvalPatience, type Wait, waitOf } from './approvals.ts';
import type { Database, Write } from './database.ts';

/**
 * Builds of pull requests that a person must approve before anything of their head is run or fetched. Such a build has one job,
 * which stands for those to come and waits. When it is approved, the observer sends what the build needs, and the job gives
 * way to the real ones.
 */

/** What a person looks at before approving. */
export interface ApprovalMaterial {
  /** SHA-256 of what decides how the pull request runs: its commits, and how its workflows, actions and settings differ */
  digest: string;
  files: ApprovalChange[];
  /** further files that differ */
  more: number;
}

/** The plan of the job that waits for the approval. */
export const approvalPlan = JSON.stringify({ kind: 'approval' });

const waiting = {
  reason: 'approval_required',
  message: 'waits until a person approves the pull request',
} as const;

/** Has a new build wait for approval. Its only job is there already. */
export async function holdForApproval(db: Write, build: BuildId, material: ApprovalMaterial): Promise<void> {
  const job = jobIdOf(build, 1);
  await db
    .updateTable('builds')
    .set({ status: 'waiting', ...waiting })
    .where('id', '=', Number(build))
    .execute();
  await insertWait(db, { build, job, attempt: 0 }, material);
}

interface WaitingJob {
  build: BuildId;
  job: JobId;
  /** while it waits */
  attempt: number;
}

async function insertWait(db: Write, { build, job, attempt }: WaitingJob, material: ApprovalMaterial): Promise<Wait> {
  const now = serverNow();
  await db.updateTable('jobs').set(waiting).where('id', '=', job).where('status', '=', 'waiting').execute();
  const row = await db
    .insertInto('approvals')
    .values({
      ...{ build_id: Number(build), job_id: job, attempt, asked_at: now, due_at: now + approvalPatience },
      ...{ digest: material.digest, changes: JSON.stringify({ files: material.files, more: material.more }) },
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return waitOf(row);
}

/** The wait of the job that stands for the others; a retry begins another one. */
export async function waitOfBuild(database: Database, waitingJob: WaitingJob): Promise<Wait> {
  const { build, job, attempt } = waitingJob;
  return database.write(async (db) => {
    const rows = await db
      .selectFrom('approvals')
      .selectAll()
      .where('build_id', '=', Number(build))
      .where('digest', 'is not', null)
      .orderBy('id', 'desc')
      .execute();
    const known = rows.find((row) => row.job_id === job && row.attempt === attempt);
    if (known) return waitOf(known);
    const [last] = rows;
    if (!last) throw new Error(`build ${build} has nothing to approve`);
    return insertWait(db, waitingJob, materialOf(last));
  });
}

/** What a person looks at before approving a build; undefined for one that needed no approval. */
export async function approvalMaterial(database: Database, build: BuildId): Promise<ApprovalMaterial | undefined> {
  const row = await database.db
    .selectFrom('approvals')
    .select(['digest', 'changes'])
    .where('build_id', '=', Number(build))
    .where('digest', 'is not', null)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row && materialOf(row);
}

function materialOf({ digest, changes }: { digest: string | null; changes: string | null }): ApprovalMaterial {
  const { files, more } = JSON.parse(changes ?? '{"files":[],"more":0}') as Omit<ApprovalMaterial, 'digest'>;
  return { digest: digest ?? '', files, more };
}

/** A build that was approved and waits for its files. */
export interface ApprovedBuild {
  build: BuildId;
  digest: string;
  ref: string;
  head: string;
  number: number;
  details: PullRequestDetails;
}

/** The builds of a repository that were approved and wait for their files, the oldest first. */
export async function approvedBuilds(database: Database, repo: string): Promise<ApprovedBuild[]> {
  // by the index of what is due: each poll asks, and mostly there is nothing
  const due = await database.db
    .selectFrom('approvals')
    .select('id')
    .where('due_at', 'is not', null)
    .where('decision', '=', 'approved')
    .where('digest', 'is not', null)
    .execute();
  if (due.length === 0) return [];
  const rows = await database.db
    .selectFrom('approvals')
    .innerJoin('builds', 'builds.id', 'approvals.build_id')
    .innerJoin('jobs', (join) =>
      join.onRef('jobs.id', '=', 'approvals.job_id').onRef('jobs.attempt', '=', 'approvals.attempt'),
    )
    .select(['approvals.build_id', 'approvals.digest', 'builds.ref', 'builds.sha', 'pull_request', 'pull_details'])
    .where(
      'approvals.id',
      'in',
      due.map(({ id }) => id),
    )
    .where('builds.repo', '=', repo)
    .where('jobs.status', '=', 'waiting')
    .orderBy('approvals.id')
    .execute();
  return rows.map(({ build_id, digest, ref, sha, pull_request, pull_details }) => ({
    ...{ build: String(build_id) as BuildId, digest: digest ?? '', ref, head: sha, number: pull_request ?? 0 },
    details: JSON.parse(pull_details ?? '{}') as PullRequestDetails,
  }));
}

/**
 * Lets an approved build go on: the job that stood for the others is removed, and the approval is of the whole build from then on.
 * @returns whether the build was approved, with this digest, and still waited
 */
export async function letApprovedBuildOn(db: Write, build: BuildId, digest: string): Promise<boolean> {
  const job = jobIdOf(build, 1);
  const approved = await db
    .selectFrom('approvals')
    .select('id')
    .where('build_id', '=', Number(build))
    .where('job_id', '=', job)
    .where('decision', '=', 'approved')
    .where('digest', '=', digest)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('jobs')
          .select('jobs.id')
          .where('jobs.id', '=', job)
          .whereRef('jobs.attempt', '=', 'approvals.attempt')
          .where('jobs.status', '=', 'waiting')
          .where('jobs.plan', '=', approvalPlan),
      ),
    )
    .executeTakeFirst();
  if (!approved) return false;
  // also those from before a retry: the job's id is another job's from now on
  await db
    .updateTable('approvals')
    .set({ job_id: null, due_at: null })
    .where('build_id', '=', Number(build))
    .where('digest', 'is not', null)
    .execute();
  await db.deleteFrom('jobs').where('id', '=', job).execute();
  await db
    .updateTable('builds')
    .set({ status: 'queued', reason: null, message: null })
    .where('id', '=', Number(build))
    .execute();
  return true;
}
