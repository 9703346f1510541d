import { sql } from 'kysely';
import type { BuildEvent } from '../kernel/build-events.ts';
import type { BuildId, BuildSummary, Status } from '../kernel/model.ts';
import { isBy, isOf, withPeople } from './build-people.ts';
import { newestBuild, summaryOf } from './builds.ts';
import type { Database } from './database.ts';
import { failingNow } from './failing-branches.ts';
import { escaped, holds } from './text-search.ts';
import { type Reader, readable } from './visibility.ts';

/**
 * Which builds a page, the API and commands list. Of the values in a list, one must fit; an empty list and what is absent fit all
 * builds.
 */
export interface BuildSearch {
  reader: Reader;
  repos?: readonly string[];
  branches?: readonly string[];
  statuses?: readonly Status[];
  events?: readonly BuildEvent[];
  /** parts of the author's name; case does not matter */
  authors?: readonly string[];
  /** commits of a person: with one of the person's addresses, or with a name in that of the author */
  by?: { person: number | null; name: string } | undefined;
  /** number of a pull request */
  pull?: number | undefined;
  /** all of it */
  sha?: string | undefined;
  /** part of the commit's first line, where case does not matter, or the beginning of its sha */
  text?: string | undefined;
  /** only those that have ended since then (ms since 1970) */
  endedSince?: number | undefined;
  /** only the newest builds of branches that are failing now */
  failing?: boolean | undefined;
}

/** Builds that one request searches for what the database has no index for, so that it reads them one by one. */
const searchedBuilds = 20_000;

export interface FoundBuilds {
  /** newest first; may be fewer than asked for, though there are more to be searched */
  builds: BuildSummary[];
  /** builds before this one are still to be shown or searched; undefined at the end */
  next: BuildId | undefined;
}

/** The newest builds before one that a search finds, and where to go on. */
export async function pageOfBuilds(
  database: Database,
  search: BuildSearch,
  { before, limit }: { before?: BuildId | undefined; limit: number },
): Promise<FoundBuilds> {
  const { authors = [], events = [], text, by } = search;
  const readsAll = by !== undefined || authors.length > 0 || events.length > 0 || text !== undefined;
  const top = readsAll ? Number(before ?? Number((await newestBuild(database)) ?? 0) + 1) : 0;
  const after = Math.max(0, top - searchedBuilds - 1);
  const bounds = { before, after: readsAll ? (String(after) as BuildId) : undefined };
  // one more than requested shows whether there is a next page
  const found = await searchBuilds(database, search, { ...bounds, limit: limit + 1 });
  const builds = found.slice(0, limit);
  const rest = readsAll && after > 0 ? (String(after + 1) as BuildId) : undefined;
  return { builds, next: found.length > limit ? builds.at(-1)?.id : rest };
}

/** The builds of a page: newer than `after`, older than `before`. */
interface Span {
  before?: BuildId | undefined;
  after?: BuildId | undefined;
  limit: number;
}

/**
 * The builds that a search finds, newest first. Each combination of repository, branch and status is a query of its own, so that
 * each one is a walk along an index, however many builds there are; the caller bounds their number.
 */
export async function searchBuilds(database: Database, search: BuildSearch, span: Span): Promise<BuildSummary[]> {
  const { before, after = '0', limit } = span;
  const found = await Promise.all(
    combinations(search).map((one) => {
      let query = database.db.selectFrom('builds').selectAll().where(matches(one)).orderBy('id', 'desc').limit(limit);
      if (before !== undefined) query = query.where('id', '<', Number(before));
      // always bounded below, so that the database uses the index for the newest builds
      return query.where('id', '>', Number(after)).execute();
    }),
  );
  const newest = found
    .flat()
    .sort((a, b) => b.id - a.id)
    .slice(0, limit);
  return withPeople(database, newest.map(summaryOf), search.reader);
}

/** How many builds newer than one a search finds, up to `most`. */
export async function countNewer(
  database: Database,
  search: BuildSearch,
  after: BuildId,
  most: number,
): Promise<number> {
  const newer = database.db
    .selectFrom('builds')
    .select('id')
    .where('id', '>', Number(after))
    .where(matches(search))
    .limit(most)
    .as('newer');
  const row = await database.db
    .selectFrom(newer)
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(row.count);
}

/** How many of the builds that a search finds run, and how many wait for it. */
export async function countOpen(database: Database, search: BuildSearch): Promise<{ running: number; queued: number }> {
  const rows = await database.db
    .selectFrom('builds')
    .select(['status', (eb) => eb.fn.countAll<number>().as('count')])
    .where('status', 'in', ['running', 'queued'])
    .where(matches(search))
    .groupBy('status')
    .execute();
  const count = (status: Status) => Number(rows.find((row) => row.status === status)?.count ?? 0);
  return { running: count('running'), queued: count('queued') };
}

/** The searches for one repository, branch and status each that find together what a search finds. */
function combinations(search: BuildSearch): BuildSearch[] {
  const { repos = [], branches = [], statuses = [] } = search;
  return eachOf(repos).flatMap((repos) =>
    eachOf(branches).flatMap((branches) =>
      eachOf(statuses).map((statuses) => ({ ...search, repos, branches, statuses })),
    ),
  );
}

function eachOf<T>(values: readonly T[]): (readonly T[])[] {
  return values.length === 0 ? [values] : values.map((value) => [value]);
}

function matches({ reader, pull, sha, text, endedSince, failing, ...search }: BuildSearch) {
  const { repos = [], branches = [], statuses = [], events = [], authors = [] } = search;
  const refs = branches.map((branch) => `refs/heads/${branch}`);
  const conditions = [
    readable(reader, 'builds.repo'),
    ...(repos.length > 0 ? [oneOf('builds.repo', repos)] : []),
    ...(refs.length > 0 ? [oneOf('builds.ref', refs)] : []),
    ...(statuses.length > 0 ? [oneOf('builds.status', statuses)] : []),
    ...(events.length > 0 ? [sql<boolean>`(${sql.join(events.map(startedBy), sql` or `)})`] : []),
    ...(search.by === undefined ? [] : [madeBy(search.by)]),
    ...(authors.length > 0
      ? [
          sql<boolean>`(${sql.join(
            authors.map((author) => isBy(author, reader)),
            sql` or `,
          )})`,
        ]
      : []),
    ...(pull !== undefined ? [sql<boolean>`builds.pull_request = ${pull}`] : []),
    ...(sha !== undefined ? [sql<boolean>`builds.sha = ${sha}`] : []),
    ...(endedSince !== undefined ? [sql<boolean>`builds.finished_at >= ${endedSince}`] : []),
    ...(text !== undefined ? [sql<boolean>`(${holds('builds.subject', text)} or ${beginsWith(text)})`] : []),
    ...(failing ? [failingNow('builds.id')] : []),
  ];
  return sql<boolean>`${sql.join(conditions, sql` and `)}`;
}

function oneOf(column: string, values: readonly string[]) {
  const [first] = values;
  if (values.length === 1) return sql<boolean>`${sql.ref(column)} = ${first}`;
  return sql<boolean>`${sql.ref(column)} in (${sql.join(values)})`;
}

function beginsWith(sha: string) {
  return sql<boolean>`builds.sha like ${`${escaped(sha.toLowerCase())}%`} escape '\\'`;
}

function startedBy(event: BuildEvent) {
  if (event === 'pull_request') return sql<boolean>`builds.pull_request is not null`;
  const trigger = event === 'push' ? 'commit' : event;
  return sql<boolean>`(builds."trigger" = ${trigger} and builds.pull_request is null)`;
}

function madeBy({ person, name }: { person: number | null; name: string }) {
  const found = [...(person === null ? [] : [isOf(person)]), ...(name === '' ? [] : [holds('builds.author', name)])];
  return sql<boolean>`(${sql.join(found, sql` or `)})`;
}
