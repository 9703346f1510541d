import type { BuildId } from '../kernel/model.ts';
import type { PullRequestDetails } from '../kernel/pull-request.ts';
import { serverNow } from '../kernel/server-time.ts';
import { pause } from '../system/wait.ts';
import type { Database, Write } from './database.ts';
import { observed } from './observed.ts';

/** A pull request whose head is built. */
export interface NewPullRequest extends PullRequestDetails {
  number: number;
}

/** A merge commit, and what it merges. */
export interface Merge {
  commit: string;
  base: string;
  head: string;
}

/** The merge that is tested instead of a build's commit, which is the head of a pull request; null where there is none. */
export function mergeOf({ sha, pull_details }: { sha: string; pull_details: string | null }): Merge | null {
  if (pull_details === null) return null;
  const { base, merge } = JSON.parse(pull_details) as PullRequestDetails;
  return merge === null ? null : { commit: merge, base, head: sha };
}

/** A pull request as it was seen. */
export interface SeenPullRequest {
  number: number;
  /** full name of the ref of its head */
  ref: string;
  /** the last head that was built or passed over */
  head: string;
}

/** Most of the newest pull requests that are watched, and most that have moved lately. */
const mostNewest = 100;
const mostMoved = 1000;
/** How many of each of them every poll asks for. */
const mostFirst = 15;
/** Milliseconds for which a pull request counts as moved lately, 30 days. */
export const lately = 2_592_000_000;
/** Rows that are read or written at a time, few enough to leave the event loop and the database to others in between. */
const atOnce = 200;

/**
 * For which refs the pull requests that were there before are noted: the pattern of the repository, or those of the known
 * forges.
 */
export function seenMark(pattern: string | null): string {
  return pattern ?? 'known';
}

/** The pull requests that polls ask for by their numbers: the newest ones, and those that have moved lately. */
export interface WatchedPullRequests {
  all: ReadonlyMap<number, SeenPullRequest>;
  /** the numbers of those that every poll asks for */
  first: ReadonlySet<number>;
}

export async function watchedPullRequests(database: Database, repo: string): Promise<WatchedPullRequests> {
  const rows = database.db.selectFrom('pull_requests').select(['number', 'ref', 'head']).where('repo', '=', repo);
  const newest = await rows.orderBy('number', 'desc').limit(mostNewest).execute();
  const moved = await rows
    .where('moved_at', '>', serverNow() - lately)
    .orderBy('moved_at', 'desc')
    .limit(mostMoved)
    .execute();
  const first = [...moved.slice(0, mostFirst), ...newest.slice(0, mostFirst)].map(({ number }) => number);
  return { all: new Map([...moved, ...newest].map((row) => [row.number, row])), first: new Set(first) };
}

/** The pull requests with these numbers, by number. */
export async function seenPullRequests(
  database: Database,
  repo: string,
  numbers: readonly number[],
): Promise<Map<number, SeenPullRequest>> {
  const seen = new Map<number, SeenPullRequest>();
  for (let first = 0; first < numbers.length; first += atOnce) {
    const rows = await database.db
      .selectFrom('pull_requests')
      .select(['number', 'ref', 'head'])
      .where('repo', '=', repo)
      .where('number', 'in', numbers.slice(first, first + atOnce))
      .execute();
    for (const row of rows) seen.set(row.number, row);
    if (first + atOnce < numbers.length) await pause(0);
  }
  return seen;
}

/**
 * Marks the pull requests that exist when a repository begins to build them as seen, so that only those are built that come or
 * move later.
 * @param pattern of their refs; null for those of the known forges
 */
export async function passOverOldPullRequests(
  database: Database,
  repo: string,
  pattern: string | null,
  old: readonly SeenPullRequest[],
): Promise<void> {
  const mark = seenMark(pattern);
  for (let first = 0; first < old.length; first += atOnce) {
    const isWanted = await database.write(async (db) => {
      const row = await observed(db)
        .select(['pull_request_refs', 'pull_requests_seen'])
        .where('name', '=', repo)
        .executeTakeFirst();
      // another observer has done it, and a pull request that came or moved since then is new
      if (!row || seenMark(row.pull_request_refs) !== mark || row.pull_requests_seen === mark) return false;
      await db
        .insertInto('pull_requests')
        .values(
          old.slice(first, first + atOnce).map(({ number, ref, head }) => ({ repo, number, ref, head, moved_at: 0 })),
        )
        .onConflict((conflict) =>
          conflict.columns(['repo', 'number']).doUpdateSet(({ ref }) => ({
            ref: ref('excluded.ref'),
            head: ref('excluded.head'),
          })),
        )
        .execute();
      return true;
    });
    if (!isWanted) return;
    await pause(0);
  }
  await database.write((db) =>
    db
      .updateTable('repositories')
      .set({ pull_requests_seen: mark })
      .where('name', '=', repo)
      .where('pull_request_refs', pattern === null ? 'is' : '=', pattern)
      .execute(),
  );
}

/** A head that is not built, though it is new. */
export interface PassedOver extends SeenPullRequest {
  /** the head that was seen before; null for a new pull request */
  before: string | null;
}

/** Marks heads as seen that are not built, unless a build has been made of the pull request in the meantime. */
export async function passOverHeads(database: Database, repo: string, heads: readonly PassedOver[]): Promise<void> {
  for (let first = 0; first < heads.length; first += atOnce) {
    await database.write(async (db) => {
      for (const { number, ref, head, before } of heads.slice(first, first + atOnce)) {
        const seen = { ref, head, moved_at: serverNow() };
        if (before === null) {
          await db
            .insertInto('pull_requests')
            .values({ repo, number, ...seen })
            .onConflict((conflict) => conflict.doNothing())
            .execute();
        } else {
          const row = db.updateTable('pull_requests').set(seen).where('repo', '=', repo).where('number', '=', number);
          await row.where('head', '=', before).execute();
        }
      }
    });
    await pause(0);
  }
}

/** Notes the head of a pull request that is built, so that the observer does not offer it again. */
export async function noteBuiltHead(
  db: Write,
  { repo, number, ref, head }: { repo: string; number: number; ref: string; head: string },
): Promise<void> {
  const seen = { ref, head, moved_at: serverNow() };
  await db
    .insertInto('pull_requests')
    .values({ repo, number, ...seen })
    .onConflict((conflict) =>
      // one that is built again has not moved
      conflict.columns(['repo', 'number']).doUpdateSet(seen).where('pull_requests.head', '!=', head),
    )
    .execute();
}

/** The numbers of the pull requests of a repository whose builds have not ended: those that wait for approval, and others. */
export async function openPullRequests(
  database: Database,
  repo: string,
): Promise<{ forApproval: Set<number>; others: Set<number> }> {
  const rows = await database.db
    .selectFrom('builds')
    .select(['pull_request', 'status'])
    .distinct()
    .where('repo', '=', repo)
    .where('status', 'in', ['waiting', 'queued', 'running'])
    .where('pull_request', 'is not', null)
    .execute();
  const numbers = (isForApproval: boolean) =>
    rows.flatMap(({ pull_request: number, status }) =>
      (status === 'waiting') === isForApproval ? (number ?? []) : [],
    );
  return { forApproval: new Set(numbers(true)), others: new Set(numbers(false)) };
}

/**
 * Orders the earlier builds of a pull request to end that have not ended, since a newer head replaces them.
 * @returns them
 */
export async function supersedeBuilds(
  db: Write,
  { repo, number, head, build }: { repo: string; number: number; head: string; build: BuildId },
): Promise<BuildId[]> {
  const earlier = await db
    .selectFrom('builds')
    .select('id')
    .where('repo', '=', repo)
    .where('pull_request', '=', number)
    .where('id', '<', Number(build))
    .where('finished_at', 'is', null)
    .execute();
  return orderSuperseded(
    db,
    repo,
    earlier.map(({ id }) => id),
    head,
  );
}

/**
 * Orders builds of a pull request to end.
 * @param head the newer one
 * @returns them
 */
export async function orderSuperseded(
  db: Write,
  repo: string,
  builds: readonly number[],
  head: string,
): Promise<BuildId[]> {
  if (builds.length > 0) {
    const message = `replaced by commit ${head.slice(0, 12)} of the pull request`;
    const order = { kind: 'cancel', repo, reason: 'superseded', message, created_at: serverNow() } as const;
    await db
      .insertInto('intents')
      .values(builds.map((id) => ({ ...order, build_id: id })))
      .execute();
  }
  return builds.map((id) => String(id) as BuildId);
}
