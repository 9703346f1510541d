import { sql } from 'kysely';
import type { BuildSummary, TestStatus } from '../kernel/model.ts';
import type { SearchKind } from '../kernel/search-results.ts';
import { summaryOf } from './builds.ts';
import type { Database } from './database.ts';
import { observed } from './observed.ts';
import { pushes } from './series.ts';
import { escaped, holdsAll } from './text-search.ts';
import { type Reader, readable } from './visibility.ts';

/** Something that a search has found. */
export interface Found {
  kind: SearchKind;
  /** of the repository, branch, test or author; the sha of a commit; the number of a build */
  name: string;
  /** null for an author */
  repo: string | null;
  /** suite of a test */
  suite?: string;
  /** id and last result of a test */
  test?: { id: string; status: TestStatus };
  /** the build itself, or the newest one with this branch, commit, test or author */
  build: BuildSummary | undefined;
}

export interface SearchFilter {
  /** empty: the newest of each kind */
  text: string;
  kinds: readonly SearchKind[];
  repo?: string | undefined;
  reader: Reader;
  /** the most of each kind */
  limit: number;
}

/**
 * How many rows are searched for a text, the newest first: no index of the database finds a text inside another. It keeps a
 * query below about 20 ms.
 */
const searched = { builds: 10_000, branches: 20_000, tests: 20_000 };

const mostWords = 8;

/**
 * Finds what has all words of a text in its name or that of its repository. Builds are found by subject and by number, such as
 * `app#12`, and commits by the beginning of their sha. The number of queries does not depend on what is found.
 */
export async function search(database: Database, filter: SearchFilter): Promise<Found[]> {
  const words = filter.text.split(/\s+/).filter((word) => word !== '');
  const asked = { ...filter, words: words.slice(0, mostWords) };
  const hits = (await Promise.all(filter.kinds.map((kind) => finders[kind](database, asked)))).flat();
  const builds = await summaries(
    database,
    hits.flatMap(({ newest }) => newest ?? []),
  );
  return hits.map(({ newest, ...hit }) => ({ ...hit, build: newest === null ? undefined : builds.get(newest) }));
}

interface Asked extends SearchFilter {
  words: string[];
}
/** What a finder has found; `newest` is the id of its build. */
type Hit = Omit<Found, 'build'> & { newest: number | null };
type Finder = (database: Database, asked: Asked) => Promise<Hit[]>;

const repositories: Finder = async (database, { text, words, repo, reader, limit }) => {
  let query = observed(database.db)
    .select('name')
    .where(holdsAll(sql`name || ' ' || url`, words))
    .where(readable(reader, 'repositories.name'));
  if (repo !== undefined) query = query.where('name', '=', repo);
  const rows = await query
    .orderBy(beginsWith('name', text), 'desc')
    .orderBy(holdsAll(sql`name`, words), 'desc')
    .orderBy('name')
    .limit(limit)
    .execute();
  return rows.map(({ name }) => ({ kind: 'repository', name, repo: name, newest: null }));
};

const builds: Finder = async (database, asked) => {
  const [numbered, named] = await Promise.all([buildsByNumber(database, asked), buildsBySubject(database, asked)]);
  const all = [...numbered, ...named.filter(({ id }) => !numbered.some((one) => one.id === id))];
  return all.slice(0, asked.limit).map(({ id, repo, number }) => ({
    kind: 'build',
    name: `#${number}`,
    repo,
    newest: id,
  }));
};

/** Builds by `app#12`, `#12` or `12`; the name may be the beginning of one. */
async function buildsByNumber({ db }: Database, { text, repo, reader, limit }: Asked) {
  const [, name = '', number] = /^(?:([\w.-]*)#)?(\d{1,9})$/.exec(text.trim()) ?? [];
  if (number === undefined) return [];
  let query = db
    .selectFrom('builds')
    .select(['id', 'repo', 'number'])
    .where('number', '=', Number(number))
    // names of repositories, so that the index of repository and number serves
    .where('repo', 'in', (eb) => eb.selectFrom('repositories').select('name').where(beginsWith('name', name)))
    .where(readable(reader, 'builds.repo'));
  if (repo !== undefined) query = query.where('repo', '=', repo);
  return query.orderBy('id', 'desc').limit(limit).execute();
}

function buildsBySubject(database: Database, { words, repo, reader, limit }: Asked) {
  return recentBuilds(database, repo)
    .select(['id', 'repo', 'number'])
    .where(holdsAll(sql`recent.repo || ' ' || recent.subject`, words))
    .where(readable(reader, 'recent.repo'))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
}

const authors: Finder = async (database, { words, repo, reader, limit }) => {
  const rows = await recentBuilds(database, repo)
    .select((eb) => ['author', eb.fn.max('id').as('newest')])
    .where(holdsAll(sql`recent.author`, words))
    .where(readable(reader, 'recent.repo'))
    .groupBy('author')
    .orderBy('newest', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ author, newest }) => ({ kind: 'author', name: author, repo: null, newest: Number(newest) }));
};

function recentBuilds({ db }: Database, repo: string | undefined) {
  let recent = db.selectFrom('builds').select(['id', 'repo', 'number', 'subject', 'author']);
  if (repo !== undefined) recent = recent.where('repo', '=', repo);
  return db.selectFrom(recent.orderBy('id', 'desc').limit(searched.builds).as('recent'));
}

const branches: Finder = async ({ db }, { text, words, repo, reader, limit }) => {
  let recent = db
    .selectFrom('cursors')
    .select(['repo', 'moved_at', sql<string>`substr(ref, ${'refs/heads/'.length + 1})`.as('name')])
    .where('absent', '=', 0)
    .where(sql<boolean>`ref like 'refs/heads/%'`);
  if (repo !== undefined) recent = recent.where('repo', '=', repo);
  const found = db
    .selectFrom(recent.orderBy('moved_at', 'desc').limit(searched.branches).as('recent'))
    .select(['repo', 'name'])
    .where(holdsAll(sql`recent.repo || ' ' || recent.name`, words))
    .where(readable(reader, 'recent.repo'))
    .orderBy(beginsWith('name', text), 'desc')
    .orderBy('moved_at', 'desc')
    .limit(limit);
  // outside, so that builds are looked up for what is shown alone
  const rows = await db
    .selectFrom(found.as('found'))
    .select(['repo', 'name'])
    .select((eb) =>
      eb
        .selectFrom('builds')
        .select('id')
        .whereRef('builds.repo', '=', 'found.repo')
        .where('builds.ref', '=', sql<string>`'refs/heads/' || found.name`)
        .where('builds.series', '=', pushes)
        .orderBy('id', 'desc')
        .limit(1)
        .as('newest'),
    )
    .execute();
  return rows.map(({ repo, name, newest }) => ({ kind: 'branch', name, repo, newest }));
};

const commits: Finder = async ({ db }, { text, repo, reader, limit }) => {
  const sha = /^[0-9a-f]{4,40}$/.exec(text.trim().toLowerCase())?.[0];
  if (sha === undefined) return [];
  let query = db
    .selectFrom('builds')
    .select((eb) => ['repo', 'sha', eb.fn.max('id').as('newest')])
    .where('sha', '>=', sha)
    // the letter after the last digit of a sha
    .where('sha', '<', `${sha}g`)
    .where(readable(reader, 'builds.repo'));
  if (repo !== undefined) query = query.where('repo', '=', repo);
  const rows = await query.groupBy(['repo', 'sha']).orderBy('newest', 'desc').limit(limit).execute();
  return rows.map((row) => ({ kind: 'commit', name: row.sha, repo: row.repo, newest: Number(row.newest) }));
};

const tests: Finder = async ({ db }, { words, repo, reader, limit }) => {
  const all = db.selectFrom('tests').select(['id', 'repo', 'suite', 'name', 'status', 'last_build']);
  const recent =
    repo === undefined ? all.orderBy('id', 'desc') : all.where('repo', '=', repo).orderBy('last_build', 'desc');
  const rows = await db
    .selectFrom(recent.limit(searched.tests).as('recent'))
    .selectAll()
    .where(holdsAll(sql`recent.repo || ' ' || recent.suite || ' ' || recent.name`, words))
    .where(readable(reader, 'recent.repo'))
    .orderBy('last_build', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ id, repo, suite, name, status, last_build }) => ({
    kind: 'test',
    ...{ name, repo, suite, test: { id: String(id), status } },
    newest: last_build,
  }));
};

const finders: { readonly [K in SearchKind]: Finder } = {
  repository: repositories,
  build: builds,
  branch: branches,
  commit: commits,
  test: tests,
  author: authors,
};

/** Whether a column begins with a text; case does not matter. */
function beginsWith(column: string, text: string) {
  return sql<boolean>`lower(${sql.ref(column)}) like ${`${escaped(text.trim().toLowerCase())}%`} escape '\\'`;
}

async function summaries({ db }: Database, ids: readonly number[]): Promise<Map<number, BuildSummary>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('builds')
    .selectAll()
    .where('id', 'in', [...new Set(ids)])
    .execute();
  return new Map(rows.map((row) => [row.id, summaryOf(row)]));
}
