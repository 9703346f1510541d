import { commitStatusOf, contextOf } from '../kernel/commit-status.ts';
import type { ForgeKind } from '../kernel/forge-kinds.ts';
import { projectAt } from '../kernel/forge-projects.ts';
import type { PullRequestDetails } from '../kernel/pull-request.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { EventDetails } from '../kernel/workflow-events.ts';
import type { Write } from './database.ts';
import { forgeScopes } from './forges.ts';
import { updatePartStatuses } from './part-statuses.ts';
import { putStatus } from './put-status.ts';

/**
 * The outbox of statuses. Each is what a forge should show for a commit, under one name; the newest replaces the earlier ones.
 * It is written in the transaction that makes, ends or reopens a build, and delivered later by a notifier, see notifier/.
 *
 * A commit may have several builds for one name: it shows the one that was begun or retried last.
 */

/** Takes the place of other builds of the commit: the build was made, or is retried. */
export async function statusBegun(db: Write, build: number): Promise<void> {
  await wantStatus(db, build, true);
}

/** The build has ended. */
export async function statusEnded(db: Write, build: number): Promise<void> {
  await wantStatus(db, build, false);
}

/** A job of the build has begun. Forges that tell apart what waits and what runs show it. */
export async function statusStarted(db: Write, build: number): Promise<void> {
  const telling = (await forgeScopes(db)).filter(({ app }) => app !== null);
  if (telling.length === 0) return;
  await db
    .updateTable('commit_statuses')
    .set((eb) => ({ running: 1, revision: eb('revision', '+', 1), due_at: serverNow(), attempts: 0 }))
    .where('build_id', '=', build)
    .where('part', '=', 0)
    .where('state', '=', 'pending')
    .where('running', '=', 0)
    .where(
      'forge',
      'in',
      telling.map(({ name }) => name),
    )
    .execute();
  await updatePartStatuses(db, build);
}

async function wantStatus(db: Write, id: number, begun: boolean): Promise<void> {
  const forges = await forgeScopes(db);
  if (forges.length === 0) return;
  const row = await db
    .selectFrom('builds')
    .innerJoin('repositories', 'repositories.name', 'builds.repo')
    .selectAll('builds')
    .select(['repositories.url', 'repositories.foreign_builds', 'repositories.default_branch'])
    .where('builds.id', '=', id)
    .executeTakeFirst();
  // builds of another repository, which had the name before, are not at this one's forge
  if (!row || id <= row.foreign_builds) return;
  const { trigger, status, reason, message, pull_details: pull } = row;
  const details = pull === null ? null : (JSON.parse(pull) as PullRequestDetails);
  const isOther = details !== null && details.merge !== null && details.baseRef !== row.default_branch;
  const otherBase = isOther ? details.baseRef : undefined;
  const event = row.event === null ? undefined : (JSON.parse(row.event) as EventDetails);
  const about = { isPullRequest: details !== null, activity: details?.activity, otherBase, event };
  const build = { ref: row.ref, trigger, status, reason, message, ...about };
  const context = contextOf(build);
  if (context === undefined) return;
  const shown = commitStatusOf({
    ...build,
    startedAt: row.started_at === null ? null : row.started_at + row.idle,
    finishedAt: row.finished_at,
  });
  for (const forge of forges) {
    if (projectAt(forge, { name: row.repo, url: row.url }) === undefined) continue;
    const of = { forge: forge.name, repo: row.repo, sha: event?.pull?.head ?? row.sha, context };
    // only changes have votes
    if (forge.kind === 'gerrit' && !build.isPullRequest) continue;
    const { ref, lane } = refAt(forge.kind, event?.pull?.ref ?? row.ref, event?.pull ?? details);
    await putStatus(db, { ...of, lane, ref, build: id, isPart: false, isRunning: false, ...shown }, begun);
  }
  await updatePartStatuses(db, id);
}

/**
 * The ref that a status is sent with, and what keeps it apart from others of its name and commit. At GitLab, which keeps the refs of
 * a commit apart, a status of a merge request counts for the branch that it comes from. Gerrit and Azure DevOps have statuses of
 * changes and pull requests.
 */
function refAt(
  kind: ForgeKind,
  ref: string,
  pull: Pick<PullRequestDetails, 'headRef'> | null,
): { ref: string; lane: string } {
  const isOwn = pull !== null && (kind === 'gerrit' || kind === 'azure');
  const sent = pull === null || isOwn || pull.headRef === null ? ref : `refs/heads/${pull.headRef}`;
  return { ref: sent, lane: kind === 'gitlab' || isOwn ? sent : '' };
}
