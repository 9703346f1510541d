import { VoltError } from '../../kernel/errors.ts';
import { type Build, type BuildId, buildIdOf, type JobId, parseBuildId, parseJobId } from '../../kernel/model.ts';
import { hint } from '../../kernel/similar-words.ts';
import { withPeople } from '../../record/build-people.ts';
import { findBuild, findJob } from '../../record/builds.ts';
import type { Database } from '../../record/database.ts';
import { findIntent, type Intent } from '../../record/intents.ts';
import { findRepository, type ObservedRepository, repositoryNames } from '../../record/repositories.ts';
import { knowsPeople, mayRead, type Reader } from '../../record/visibility.ts';

/**
 * Finds what a reader may read, by name or id. What the reader may not read is answered as if it did not exist. Routes and
 * pages get builds, jobs, repositories and requests only here; a test enforces it.
 */

/** @throws VoltError `not_found` */
export async function readBuild(database: Database, reader: Reader, id: BuildId): Promise<Build> {
  const build = await findBuild(database, id);
  if (!build || !(await mayRead(database, reader, build.repo))) throw noBuild(id);
  const [read = build] = await withPeople(database, [build], reader);
  if (knowsPeople(reader)) return read;
  return { ...read, requests: read.requests.map((request) => ({ ...request, displayName: null })) };
}

/** @throws VoltError `not_found` */
export async function readJob(database: Database, reader: Reader, id: JobId) {
  const job = await jobFor(database, reader, id);
  if (!job) throw noJob(id);
  return job;
}

/** @returns undefined if there is none that the reader may read */
export async function jobFor(database: Database, reader: Reader, id: JobId) {
  const job = await findJob(database, id);
  return job && (await mayRead(database, reader, job.repo)) ? job : undefined;
}

/** An observed repository. @throws VoltError `not_found` */
export async function readRepository(database: Database, reader: Reader, name: string): Promise<ObservedRepository> {
  const found = (await mayRead(database, reader, name)) ? await findRepository(database, name) : undefined;
  if (!found) throw notObserved(name, hint(name, await repositoryNames(database, reader)));
  return found;
}

/**
 * The name of the repository that the path of a request names, by itself or by one of its builds or jobs.
 * @param path the pattern of the route, in hono's form
 * @param params what the path has in the places of the pattern's parameters
 * @returns undefined for a path that names none, or that is not valid
 * @throws VoltError `not_found`
 */
export async function repositoryAt(
  database: Database,
  reader: Reader,
  path: string,
  { name = '', id = '' }: { [name: string]: string },
): Promise<string | undefined> {
  const [, kind, parameter] = path.split('/');
  if (kind === 'repos' && parameter === ':name') {
    if (await mayRead(database, reader, name)) return name;
    throw notObserved(name, hint(name, await repositoryNames(database, reader)));
  }
  if (parameter !== ':id') return undefined;
  const job = kind === 'jobs' ? parseJobId(id) : undefined;
  if (job) return (await readJob(database, reader, job)).repo;
  const build = kind === 'builds' ? parseBuildId(id) : undefined;
  return build && (await readBuild(database, reader, build)).repo;
}

/** Labels that the settings of a build's repository require of runners; the caller has checked access to the build. */
export async function requiredLabels(database: Database, { repo }: Pick<Build, 'repo'>): Promise<string[]> {
  return (await findRepository(database, repo))?.runners ?? [];
}

/** A request of a person. @throws VoltError `not_found` */
export async function readIntent(database: Database, reader: Reader, id: number): Promise<Intent> {
  const found = await findIntent(database, id);
  if (!found || !(await mayRead(database, reader, found.repo))) {
    throw new VoltError('not_found', `request ${id} does not exist`, {
      remedy: 'Use the id from the response to the request.',
    });
  }
  return found;
}

/** @param meant the end of the message, which names a similar repository that the reader may read */
export function notObserved(name: string, meant = ''): VoltError {
  return new VoltError('not_found', `repository "${name}" does not exist${meant}`, {
    remedy: 'See the repositories with `volt repo ls` or at /api/v1/repos.',
  });
}

function noBuild(id: BuildId): VoltError {
  return new VoltError('not_found', `build ${id} does not exist`, {
    remedy: 'It may have been deleted as too old. See the builds with `volt builds` or at /api/v1/builds.',
  });
}

function noJob(id: JobId): VoltError {
  return new VoltError('not_found', `job ${id} does not exist`, {
    remedy: `See the jobs of its build with \`volt show ${buildIdOf(id)}\` or at /api/v1/builds/${buildIdOf(id)}.`,
  });
}

export function noTest(repo: string, id: string): VoltError {
  return new VoltError('not_found', `${repo} has no test ${id}`, {
    remedy: `/api/v1/repos/${repo}/tests lists its tests. A test is deleted with the last build that had it.`,
  });
}
