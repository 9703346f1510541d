import { type CommitState, commitStatusOf } from '../kernel/commit-status.ts';
import type { ForgeReport } from '../kernel/forge-report.ts';
import { isFinal, type Reason, type Status } from '../kernel/model.ts';
import { shortHash } from '../kernel/names.ts';
import { verdictOf } from '../kernel/verdict.ts';
import type { Write } from './database.ts';
import { forgeScopes } from './forges.ts';
import { putStatus } from './put-status.ts';

/** The most statuses of a build beside its own; a forge limits how many statuses it accepts. */
const mostParts = 100;
/** GitHub refuses a longer name. */
const longestContext = 255;

interface ReportedJob {
  name: string;
  workflow: string | null;
  status: Status;
  reason: Reason | null;
  message: string | null;
  continue_on_error: number;
  started_at: number | null;
  finished_at: number | null;
}

/**
 * Wants a status for each workflow or job of a build, at the forges that are to show these. Jobs that wait for others have none
 * yet: a matrix gives them other names. A build that does not own the status of its commit any more changes nothing.
 */
export async function updatePartStatuses(db: Write, build: number): Promise<void> {
  const forges = (await forgeScopes(db)).filter(({ kind, report }) => report !== 'build' && kind !== 'gerrit');
  if (forges.length === 0) return;
  const rows = await db
    .selectFrom('commit_statuses')
    .select(['forge', 'repo', 'sha', 'context', 'lane', 'ref', 'state', 'description', 'running', 'part'])
    .where('build_id', '=', build)
    .execute();
  const jobs = await db
    .selectFrom('jobs')
    .select(['name', 'workflow', 'status', 'reason', 'message', 'continue_on_error', 'started_at', 'finished_at'])
    .where('build_id', '=', build)
    .orderBy('position')
    .execute();
  for (const { name: forge, report, app } of forges) {
    const own = rows.find((row) => row.forge === forge && row.part === 0);
    if (!own) continue;
    const known = new Map(rows.filter((row) => row.forge === forge).map((row) => [row.context, row]));
    const { repo, sha, lane, ref } = own;
    for (const [name, part] of partsOf(jobs, report)) {
      const context = partContext(own.context, name);
      const status = { ...statusOf(part), isRunning: app !== null && isRunning(part) };
      if (isSame(known.get(context), status)) continue;
      await putStatus(db, { forge, repo, sha, context, lane, ref, build, isPart: true, ...status }, true);
    }
  }
}

/** The name of the part of a build that a job belongs to. */
export function partOf({ name, workflow }: Pick<ReportedJob, 'name' | 'workflow'>, report: ForgeReport): string {
  const whole =
    report === 'workflow' ? (workflow ?? 'tests') : [workflow, name].filter((text) => text !== null).join('/');
  return whole.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
}

/** The name of a part's status, which is another one for each part also where it is cut. @param own that of the build */
export function partContext(own: string, part: string): string {
  const whole = `${own}/${part}`;
  if (whole.length <= longestContext) return whole;
  const hash = shortHash(whole);
  return `${whole.slice(0, longestContext - hash.length - 1)} ${hash}`;
}

function isRunning(jobs: readonly ReportedJob[]): boolean {
  return jobs.some((job) => job.started_at !== null) && jobs.some(({ status }) => !isFinal(status));
}

function isSame(
  before: { state: CommitState; description: string; running: number } | undefined,
  now: { state: CommitState; description: string; isRunning: boolean },
): boolean {
  if (before?.state !== now.state || before.description !== now.description) return false;
  return (before.running === 1) === now.isRunning;
}

function partsOf(jobs: readonly ReportedJob[], report: ForgeReport): [name: string, jobs: ReportedJob[]][] {
  const parts = new Map<string, [name: string, jobs: ReportedJob[]]>();
  for (const job of jobs) {
    const name = partOf(job, report);
    // forges do not tell apart what differs in case; the status of both is that of the worse one
    const key = name.toLowerCase();
    const part = parts.get(key) ?? ([name, []] as [string, ReportedJob[]]);
    if (parts.size < mostParts) parts.set(key, part);
    if (report !== 'job' || job.status !== 'waiting') part[1].push(job);
  }
  return [...parts.values()].filter(([, each]) => each.length > 0);
}

function statusOf(jobs: readonly ReportedJob[]) {
  const times = (list: (number | null)[]) => list.filter((time) => time !== null);
  const open = jobs.find(({ status }) => !isFinal(status));
  if (open) {
    const { status, reason, message } = open;
    return commitStatusOf({ status, reason, message, startedAt: null, finishedAt: null });
  }
  return commitStatusOf({
    ...verdictOf(jobs.map(({ continue_on_error, ...job }) => ({ ...job, continueOnError: continue_on_error === 1 }))),
    startedAt: times(jobs.map((job) => job.started_at)).sort((a, b) => a - b)[0] ?? null,
    finishedAt: times(jobs.map((job) => job.finished_at)).sort((a, b) => b - a)[0] ?? null,
  });
}
