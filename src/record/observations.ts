import type { Problem } from '../kernel/problems.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Database } from './database.ts';
import { errorColumns, errorIn, noError } from './error-columns.ts';
import type { RepositoryRow } from './schema.ts';

/** The outcome of the last poll of a repository. */
export interface Observation {
  observedAt: string | null;
  defaultBranch: string | null;
  /** a warning about the repository, a sentence for people */
  notice: string | null;
  error: (Problem & { since: string }) | null;
  /** after an error: when its schedule polls again at the earliest */
  retryAt: string | null;
}

export const noFailures = { ...noError, error_since: null, failures: 0, retry_at: null };

export function observationOf(row: RepositoryRow): Observation {
  const time = (ms: number) => new Date(ms).toISOString();
  const error = errorIn(row);
  return {
    observedAt: row.observed_at === null ? null : time(row.observed_at),
    defaultBranch: row.default_branch,
    notice: row.notice,
    error: error && { ...error, since: time(row.error_since ?? 0) },
    retryAt: row.retry_at === null ? null : time(row.retry_at),
  };
}

/** Notes that a repository was polled. */
export async function noteObserved(
  database: Database,
  repo: string,
  seen: { defaultBranch: string | null; notice: string | null },
): Promise<void> {
  await database.write((db) =>
    db
      .updateTable('repositories')
      .set({ observed_at: serverNow(), default_branch: seen.defaultBranch, notice: seen.notice, ...noFailures })
      .where('name', '=', repo)
      .execute(),
  );
}

/** @param mark of the settings for which all branches that are there have a cursor */
export async function noteSeenBranches(database: Database, repo: string, mark: string): Promise<void> {
  await database.write((db) =>
    db.updateTable('repositories').set({ branches_seen: mark }).where('name', '=', repo).execute(),
  );
}

/** Notes the default branch, before anything is decided by it. */
export async function noteDefaultBranch(database: Database, repo: string, defaultBranch: string | null): Promise<void> {
  await database.write((db) =>
    db.updateTable('repositories').set({ default_branch: defaultBranch }).where('name', '=', repo).execute(),
  );
}

/**
 * Notes polls that found no change.
 * @param polls when each repository was polled, in milliseconds since 1970
 */
export async function notePolls(database: Database, polls: ReadonlyMap<string, number>): Promise<void> {
  await database.write(async (db) => {
    for (const [repo, at] of polls)
      await db.updateTable('repositories').set({ observed_at: at }).where('name', '=', repo).execute();
  });
}

/**
 * Notes that a poll has failed; the time of the first failure in a row stays.
 * @param pauseAfter milliseconds until its schedule may poll again, given how many polls have failed in a row
 */
export async function noteObserveError(
  database: Database,
  repo: string,
  error: Problem,
  pauseAfter: (failures: number) => number = () => 0,
): Promise<void> {
  await database.write(async (db) => {
    const row = await db.selectFrom('repositories').select('failures').where('name', '=', repo).executeTakeFirst();
    const failures = (row?.failures ?? 0) + 1;
    await db
      .updateTable('repositories')
      .set((eb) => ({
        ...errorColumns(error),
        error_since: eb.fn.coalesce('error_since', eb.val(serverNow())),
        failures,
        retry_at: serverNow() + Math.round(pauseAfter(failures)),
      }))
      .where('name', '=', repo)
      .execute();
  });
}
