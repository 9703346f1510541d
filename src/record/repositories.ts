import { VoltError } from '../kernel/errors.ts';
import type { GivenLinks } from '../kernel/link-templates.ts';
import { checkRepositoryName, parseLabels } from '../kernel/names.ts';
import type { PullRequestCheckout, PullRequestMode } from '../kernel/pull-request.ts';
import { serverNow } from '../kernel/server-time.ts';
import type { Visibility } from '../kernel/visibility.ts';
import type { AwaitedEvent } from '../kernel/workflow-events.ts';
import { renewCursors } from './cursors.ts';
import type { Database, Sql, Write } from './database.ts';
import { noFailures, type Observation, observationOf } from './observations.ts';
import { observed } from './observed.ts';
import { seenMark } from './pull-requests.ts';
import type { RepositoryRow } from './schema.ts';
import { holds } from './text-search.ts';
import { administrator, type Reader, readable } from './visibility.ts';

export interface RepositorySettings {
  /** globs; empty means the default branch */
  branches: string[];
  /** globs; empty means none */
  tags: string[];
  pollSeconds: number;
  commits: 'every' | 'latest';
  /** command to run instead of discovered tests */
  command: string | null;
  /** globs of the checkout's files with results of single tests, beside those that are found automatically */
  reports: string[];
  /** git's filter of the objects that are fetched in advance, such as `blob:none`; null for none */
  filter: string | null;
  /** further labels that a runner of its jobs must have */
  runners: string[];
  /** environment variables of its jobs */
  env: { [name: string]: string };
  /** image in which its tests run; null for none */
  image: string | null;
  /** the pages of its project at a forge that Volt does not know; empty for none */
  project: GivenLinks;
  /** whose pull requests are built */
  pullRequests: PullRequestMode;
  /** pattern of the refs of their heads, with one `*` for the number; null for those of the known forges */
  pullRequestRefs: string | null;
  pullRequestCheckout: PullRequestCheckout;
  /** whether they are built again when their base branch has moved */
  pullRequestRebuild: boolean;
  /** globs of labels that their jobs may ask for; null for no such limit */
  pullRequestLabels: string[] | null;
  visibility: Visibility;
}

/** Settings that a person gives. */
export type GivenSettings = { [K in keyof RepositorySettings]?: RepositorySettings[K] | undefined };

export interface Repository extends RepositorySettings {
  name: string;
  url: string;
  /** machine that the path is on, null for a URL */
  host: string | null;
}

export interface ObservedRepository extends Repository, Observation {
  /** whether the old tags that match its globs are marked as seen */
  tagsSeen: boolean;
  /** for which settings the branches that were there are known; null before that */
  branchesSeen: string | null;
  /** whether the pull requests that were there before are noted as seen */
  pullRequestsSeen: boolean;
  /** the events for which workflows of its default branch wait */
  awaited: AwaitedEvent[];
}

/**
 * Adds a repository, or changes the settings of the one with that name and the same URL. A removed one comes back with its
 * history, and the heads of its refs are built; a changed command or image builds them again. With another URL it is another
 * repository: the former builds stay visible, and none of them can run again.
 * @throws VoltError `name_taken` if another repository has the name, `conflict` while its history is being deleted
 */
export async function saveRepository(database: Database, repository: Repository): Promise<void> {
  checkRepositoryName(repository.name);
  await database.write(async (db) => {
    const existing = await rowOf(db, repository.name);
    if (!existing) return insert(db, repository);
    if (existing.removed_at === null && existing.url !== repository.url) throw nameTaken(repository.name);
    if (existing.purge === 1) {
      throw new VoltError('conflict', `the history of "${repository.name}" is being deleted`, {
        remedy: 'Its running builds end first; try again in a moment, or use another name.',
      });
    }
    await update(db, existing, repository);
  });
}

/** As `saveRepository`, but an observed repository of that name is not changed. */
export async function createRepository(database: Database, repository: Repository): Promise<void> {
  if (await findRepository(database, repository.name)) throw nameTaken(repository.name);
  await saveRepository(database, repository);
}

/** @returns the changed repository, undefined for an unknown name */
export async function changeRepository(
  database: Database,
  name: string,
  change: Partial<RepositorySettings>,
): Promise<Repository | undefined> {
  return database.write(async (db) => {
    const existing = await rowOf(db, name);
    if (!existing || existing.removed_at !== null) return undefined;
    const changed = { ...repositoryOf(existing), ...change };
    await update(db, existing, changed);
    return changed;
  });
}

async function insert(db: Write, repository: Repository): Promise<void> {
  await db
    .insertInto('repositories')
    .values({ name: repository.name, ...columnsOf(repository), created_at: serverNow() })
    .execute();
}

async function update(db: Write, existing: RepositoryRow, repository: Repository): Promise<void> {
  const isOther = existing.url !== repository.url;
  // people must not hear of the builds of another repository
  if (isOther) await db.deleteFrom('branch_states').where('repo', '=', repository.name).execute();
  await db
    .updateTable('repositories')
    .set({
      ...columnsOf(repository),
      removed_at: null,
      ...(isOther ? { foreign_builds: await lastBuild(db, repository.name) } : {}),
      // tags and pull requests that came while they were not observed are not new
      ...(existing.removed_at === null
        ? {}
        : { tags_seen: null, branches_seen: null, default_branch: null, observed_at: null }),
      ...(existing.removed_at === null && existing.pull_requests !== 'none' ? {} : { pull_requests_seen: null }),
    })
    .where('name', '=', repository.name)
    .execute();
  if (existing.removed_at !== null) await renewCursors(db, repository.name, { absent: true });
  else if (existing.command !== repository.command || existing.image !== repository.image)
    await renewCursors(db, repository.name, { absent: false });
}

async function lastBuild(db: Write, repo: string): Promise<number> {
  const query = db.selectFrom('builds').select((eb) => eb.fn.max('id').as('id'));
  const row = await query.where('repo', '=', repo).executeTakeFirst();
  return Number(row?.id ?? 0);
}

function columnsOf(repository: Repository) {
  return {
    url: repository.url,
    host: repository.host,
    branches: JSON.stringify(repository.branches),
    tags: JSON.stringify(repository.tags),
    poll_seconds: repository.pollSeconds,
    commits: repository.commits,
    command: repository.command,
    reports: JSON.stringify(repository.reports),
    filter: repository.filter,
    runners: JSON.stringify(parseLabels(repository.runners)),
    env: JSON.stringify(repository.env),
    image: repository.image,
    project: JSON.stringify(repository.project),
    pull_requests: repository.pullRequests,
    pull_request_refs: repository.pullRequestRefs,
    pull_request_checkout: repository.pullRequestCheckout,
    pull_request_rebuild: repository.pullRequestRebuild ? 1 : 0,
    pull_request_labels: repository.pullRequestLabels && JSON.stringify(repository.pullRequestLabels),
    visibility: repository.visibility,
    // former errors say nothing about the new settings
    ...noFailures,
  };
}

async function rowOf(db: Sql, name: string): Promise<RepositoryRow | undefined> {
  return db.selectFrom('repositories').selectAll().where('name', '=', name).executeTakeFirst();
}

/** The observed repository with that URL, if there is one. */
export async function repositoryAt(database: Database, url: string): Promise<Repository | undefined> {
  const row = await observed(database.db).selectAll().where('url', '=', url).orderBy('created_at').executeTakeFirst();
  return row && repositoryOf(row);
}

export async function findRepository(database: Database, name: string): Promise<ObservedRepository | undefined> {
  const row = await observed(database.db).selectAll().where('name', '=', name).executeTakeFirst();
  return row && observedOf(row);
}

/** The visibility of a name. That of a removed repository lasts as long as its history. */
export async function visibilityOf(database: Database, name: string): Promise<Visibility | undefined> {
  return (await rowOf(database.db, name))?.visibility;
}

export async function isObserved(database: Database, name: string): Promise<boolean> {
  return (await findRepository(database, name)) !== undefined;
}

/** Whether a name is free for a repository with that URL: it is unused, or this repository had it until it was removed. */
export async function mayTakeName(database: Database, name: string, url: string): Promise<boolean> {
  const row = await rowOf(database.db, name);
  return row === undefined || (row.removed_at !== null && row.url === url && row.purge === 0);
}

/** The observed repositories, by name. */
export async function listRepositories(database: Database): Promise<ObservedRepository[]> {
  const rows = await observed(database.db).selectAll().orderBy('name').execute();
  return rows.map(observedOf);
}

/** The names of the observed repositories that the reader may see, in order. */
export async function repositoryNames(database: Database, reader = administrator): Promise<string[]> {
  const query = observed(database.db).select('name').where(readable(reader, 'repositories.name'));
  return (await query.orderBy('name').execute()).map(({ name }) => name);
}

/** The observed repositories whose polls fail and that the reader may see, by name. */
export async function failingRepositories(database: Database, reader = administrator): Promise<ObservedRepository[]> {
  const rows = await observed(database.db)
    .selectAll()
    .where('error_code', 'is not', null)
    .where(readable(reader, 'repositories.name'))
    .orderBy('name')
    .execute();
  return rows.map(observedOf);
}

export interface RepositoryFilter {
  limit: number;
  /** only names behind this one */
  after?: string | undefined;
  /** part of the name or the URL; case does not matter */
  text?: string | undefined;
  /** only what this reader may read; by default everything */
  reader?: Reader | undefined;
}

/** The observed repositories, by name, page by page. */
export async function pageOfRepositories(
  database: Database,
  { limit, after, text, reader = administrator }: RepositoryFilter,
): Promise<{ repositories: ObservedRepository[]; next: string | null }> {
  let query = observed(database.db)
    .selectAll()
    .where(readable(reader, 'repositories.name'))
    .orderBy('name')
    .limit(limit + 1);
  if (after !== undefined) query = query.where('name', '>', after);
  if (text !== undefined) query = query.where((eb) => eb.or([holds('name', text), holds('url', text)]));
  const rows = await query.execute();
  const repositories = rows.slice(0, limit).map(observedOf);
  return { repositories, next: rows.length > limit ? (repositories.at(-1)?.name ?? null) : null };
}

function observedOf(row: RepositoryRow): ObservedRepository {
  return {
    ...repositoryOf(row),
    ...observationOf(row),
    tagsSeen: row.tags_seen === row.tags,
    branchesSeen: row.branches_seen,
    pullRequestsSeen: row.pull_requests_seen === seenMark(row.pull_request_refs),
    awaited: JSON.parse(row.awaited) as AwaitedEvent[],
  };
}

function repositoryOf(row: RepositoryRow): Repository {
  return {
    name: row.name,
    url: row.url,
    host: row.host,
    branches: JSON.parse(row.branches) as string[],
    tags: JSON.parse(row.tags) as string[],
    pollSeconds: row.poll_seconds,
    commits: row.commits,
    command: row.command,
    reports: JSON.parse(row.reports) as string[],
    filter: row.filter,
    runners: JSON.parse(row.runners) as string[],
    env: JSON.parse(row.env) as { [name: string]: string },
    image: row.image,
    project: JSON.parse(row.project) as GivenLinks,
    pullRequests: row.pull_requests,
    pullRequestRefs: row.pull_request_refs,
    pullRequestCheckout: row.pull_request_checkout,
    pullRequestRebuild: row.pull_request_rebuild === 1,
    pullRequestLabels: row.pull_request_labels === null ? null : (JSON.parse(row.pull_request_labels) as string[]),
    visibility: row.visibility,
  };
}

function nameTaken(name: string): VoltError {
  return new VoltError('name_taken', `another repository is observed under the name "${name}"`, {
    remedy: 'Give the new one another name, or change the settings of that one by `volt repo set`.',
  });
}
