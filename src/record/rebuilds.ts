import { sql } from 'kysely';
import type { PullRequestDetails, PullRequestFacts } from '../kernel/pull-request.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Cursor } from './cursors.ts';
import type { Database } from './database.ts';
import { lately } from './pull-requests.ts';

/** A pull request whose current head has been built, by its newest build. */
export interface BuiltPullRequest {
  number: number;
  ref: string;
  head: string;
  /** of its ref, as of the same moment */
  cursor: Cursor;
  baseRef: string;
  /** commit of the base branch that it was built with */
  base: string;
  /** whether it conflicted with that */
  conflicted: boolean;
}

/** The most pull requests of a repository that are built again after one move of their base branch. */
const most = 200;

/**
 * The pull requests whose current head has been built with an end that tells about the commit, as far as they have moved lately
 * and the forge has not said that they are closed. The one that was built the longest ago is the first.
 */
export async function builtPullRequests(database: Database, repo: string): Promise<BuiltPullRequest[]> {
  const rows = await database.db
    .selectFrom('pull_requests as pulls')
    .innerJoin('builds', (join) =>
      join.on('builds.id', '=', (eb) =>
        eb
          .selectFrom('builds as each')
          .select(({ fn }) => fn.max('each.id').as('id'))
          .whereRef('each.pull_request', '=', 'pulls.number')
          .whereRef('each.repo', '=', 'pulls.repo'),
      ),
    )
    .innerJoin('cursors', (join) =>
      join.onRef('cursors.repo', '=', 'pulls.repo').onRef('cursors.ref', '=', 'pulls.ref'),
    )
    .leftJoin('pull_request_facts as told', (join) =>
      join.onRef('told.repo', '=', 'pulls.repo').onRef('told.number', '=', 'pulls.number'),
    )
    .select(['pulls.number', 'pulls.ref', 'pulls.head', 'pull_details', 'reason', 'told.facts'])
    .select(['cursors.sha', 'cursors.generation', 'cursors.absent', 'cursors.again'])
    .where('pulls.repo', '=', repo)
    .where('pulls.moved_at', '>', serverNow() - lately)
    .whereRef('builds.sha', '=', 'pulls.head')
    .where('builds.status', 'in', ['success', 'failure'])
    .orderBy('builds.id')
    .limit(most)
    .execute();
  return rows.flatMap(({ number, ref, head, pull_details, reason, facts, sha, generation, absent, again }) => {
    const told = facts === null ? null : (JSON.parse(facts) as PullRequestFacts);
    if (told?.isOpen === false) return [];
    const { baseRef, base } = JSON.parse(pull_details ?? '{}') as PullRequestDetails;
    const cursor = { ref, sha, generation, absent: absent === 1, again: again === 1 };
    return [{ number, ref, head, cursor, baseRef, base, conflicted: reason === 'merge_conflict' }];
  });
}

/** How many builds of a repository have not ended, and whether one of them waits for a runner. */
export async function openBuilds(database: Database, repo: string): Promise<{ pulls: number; isWaiting: boolean }> {
  const { pulls, queued } = await database.db
    .selectFrom('builds')
    .select([
      sql<number>`coalesce(sum(case when pull_request is not null then 1 else 0 end), 0)`.as('pulls'),
      sql<number>`coalesce(sum(case when status = 'queued' then 1 else 0 end), 0)`.as('queued'),
    ])
    .where('repo', '=', repo)
    .where('status', 'in', ['queued', 'running'])
    .executeTakeFirstOrThrow();
  return { pulls: Number(pulls), isWaiting: Number(queued) > 0 };
}
