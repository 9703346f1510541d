import { VoltError } from '../kernel/errors.ts';
import { checkRepositoryName } from '../kernel/names.ts';
import type { Record, Write } from './record.ts';
import type { RepositoryRow } from './schema.ts';

export interface Repository {
  name: string;
  url: string;
  /** machine that the path is on, null for a URL */
  host: string | null;
  /** globs; empty means the default branch */
  branches: string[];
  pollSeconds: number;
  commits: 'every' | 'latest';
  /** what to run instead of discovering the tests */
  command: string | null;
}

/** What the last look at a repository came to. */
export interface Observation {
  observedAt: string | null;
  defaultBranch: string | null;
  error: { code: string; message: string; remedy: string; since: string } | null;
}

export interface Cursor {
  ref: string;
  sha: string;
  /** how often the ref has jumped to a commit that does not descend from the one before */
  generation: number;
}

const noError = { error_code: null, error_message: null, error_remedy: null, error_since: null } as const;

/** Adds a repository, or changes the settings of the one with that name and the same URL. */
export async function saveRepository(record: Record, repository: Repository): Promise<void> {
  checkRepositoryName(repository.name);
  await record.write(async (db) => {
    const existing = await db
      .selectFrom('repositories')
      .select('url')
      .where('name', '=', repository.name)
      .executeTakeFirst();
    if (existing && existing.url !== repository.url) {
      throw new VoltError(
        'name_taken',
        `a repository named "${repository.name}" is observed already, at ${existing.url}`,
        {
          remedy: 'Give the new one another name: NAME=URL.',
        },
      );
    }
    const values = {
      url: repository.url,
      host: repository.host,
      branches: JSON.stringify(repository.branches),
      poll_seconds: repository.pollSeconds,
      commits: repository.commits,
      command: repository.command,
      // what went wrong before says nothing about the settings as they are now
      ...noError,
    };
    if (existing) await db.updateTable('repositories').set(values).where('name', '=', repository.name).execute();
    else {
      await db
        .insertInto('repositories')
        .values({ name: repository.name, ...values, created_at: Date.now(), virtual_finish: 0 })
        .execute();
    }
  });
}

/** The observed repository with that URL, where there is one. */
export async function repositoryAt(record: Record, url: string): Promise<Repository | undefined> {
  const row = await record.db.selectFrom('repositories').selectAll().where('url', '=', url).executeTakeFirst();
  return row && repositoryOf(row);
}

export async function findRepository(record: Record, name: string): Promise<Repository | undefined> {
  const row = await record.db.selectFrom('repositories').selectAll().where('name', '=', name).executeTakeFirst();
  return row && repositoryOf(row);
}

export async function listRepositories(record: Record): Promise<(Repository & Observation)[]> {
  const rows = await record.db.selectFrom('repositories').selectAll().orderBy('name').execute();
  return rows.map((row) => ({ ...repositoryOf(row), ...observationOf(row) }));
}

function repositoryOf(row: RepositoryRow): Repository {
  return {
    name: row.name,
    url: row.url,
    host: row.host,
    branches: JSON.parse(row.branches) as string[],
    pollSeconds: row.poll_seconds,
    commits: row.commits,
    command: row.command,
  };
}

function observationOf(row: RepositoryRow): Observation {
  const time = (ms: number) => new Date(ms).toISOString();
  return {
    observedAt: row.observed_at === null ? null : time(row.observed_at),
    defaultBranch: row.default_branch,
    error:
      row.error_code === null
        ? null
        : {
            code: row.error_code,
            message: row.error_message ?? '',
            remedy: row.error_remedy ?? '',
            since: time(row.error_since ?? 0),
          },
  };
}

/** Notes that a repository was looked at. */
export async function noteObserved(record: Record, repo: string, defaultBranch: string | null): Promise<void> {
  await record.write((db) =>
    db
      .updateTable('repositories')
      .set({
        observed_at: Date.now(),
        default_branch: defaultBranch,
        ...noError,
      })
      .where('name', '=', repo)
      .execute(),
  );
}

/** Notes that a repository could not be looked at; the time of the first failure in a row stays. */
export async function noteObserveError(record: Record, repo: string, error: VoltError): Promise<void> {
  await record.write((db) =>
    db
      .updateTable('repositories')
      .set((eb) => ({
        error_code: error.code,
        error_message: error.message,
        error_remedy: error.remedy,
        error_since: eb.fn.coalesce('error_since', eb.val(Date.now())),
      }))
      .where('name', '=', repo)
      .execute(),
  );
}

export async function cursorsOf(record: Record, repo: string): Promise<Map<string, Cursor>> {
  const rows = await record.db
    .selectFrom('cursors')
    .select(['ref', 'sha', 'generation'])
    .where('repo', '=', repo)
    .execute();
  return new Map(rows.map((row) => [row.ref, row]));
}

/** Moves a ref's cursor from `before` to `after`; false when it does not stand at `before`. */
export async function moveCursor(
  db: Write,
  repo: string,
  before: { sha: string; generation: number } | null,
  after: Cursor,
): Promise<boolean> {
  const to = { sha: after.sha, generation: after.generation, moved_at: Date.now() };
  if (before === null) {
    const inserted = await db
      .insertInto('cursors')
      .values({ repo, ref: after.ref, ...to })
      .onConflict((conflict) => conflict.doNothing())
      .returning('ref')
      .executeTakeFirst();
    return inserted !== undefined;
  }
  const moved = await db
    .updateTable('cursors')
    .set(to)
    .where('repo', '=', repo)
    .where('ref', '=', after.ref)
    .where('sha', '=', before.sha)
    .where('generation', '=', before.generation)
    .returning('ref')
    .executeTakeFirst();
  return moved !== undefined;
}
