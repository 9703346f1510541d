import type { PullRequestFacts } from '../kernel/pull-request.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database, Sql } from './database.ts';

/** Milliseconds after they were told for which a pull request's facts are kept: a forge tells all of them again. */
const keptFor = 90 * 86_400_000;

/**
 * Stores what a forge has told of a pull request. What it has not told stays as it is. The polls ask for a known pull request from
 * now on, however old it is, since its head may have moved.
 * @param told.updatedAt when the forge has changed it (ms since 1970); null counts as long ago. Older facts than those that are
 * stored change nothing
 * @returns whether it was stored
 */
export async function notePullRequestFacts(
  database: Database,
  repo: string,
  { number, facts, updatedAt }: { number: number; facts: PullRequestFacts; updatedAt: number | null },
): Promise<boolean> {
  const now = serverNow();
  // a time in the future would keep out what comes later
  const at = Math.min(updatedAt ?? 0, now);
  return database.write(async (db) => {
    const row = await factsRow(db, repo, number);
    if (row && row.updated_at > at) return false;
    const told = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null));
    const known = row ? (JSON.parse(row.facts) as PullRequestFacts) : facts;
    const values = { facts: JSON.stringify({ ...known, ...told }), updated_at: at, noted_at: now };
    await db
      .insertInto('pull_request_facts')
      .values({ repo, number, ...values })
      .onConflict((conflict) => conflict.columns(['repo', 'number']).doUpdateSet(values))
      .execute();
    await db
      .updateTable('pull_requests')
      .set({ moved_at: now })
      .where('repo', '=', repo)
      .where('number', '=', number)
      .execute();
    await db
      .deleteFrom('pull_request_facts')
      .where('repo', '=', repo)
      .where('number', '!=', number)
      .where('noted_at', '<', now - keptFor)
      .execute();
    return true;
  });
}

/** What a forge has told of a pull request; null for nothing. */
export async function pullRequestFacts(
  { db }: Pick<Database, 'db'>,
  repo: string,
  number: number,
): Promise<PullRequestFacts | null> {
  const row = await factsRow(db, repo, number);
  return row ? (JSON.parse(row.facts) as PullRequestFacts) : null;
}

function factsRow(db: Sql, repo: string, number: number) {
  return db
    .selectFrom('pull_request_facts')
    .select(['facts', 'updated_at'])
    .where('repo', '=', repo)
    .where('number', '=', number)
    .executeTakeFirst();
}
