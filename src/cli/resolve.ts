import { VoltError } from '../kernel/errors.ts';
import { type Build, type BuildSummary, type Job, parseBuildId } from '../kernel/model.ts';
import { hint } from '../kernel/similar-words.ts';
import type { buildList } from '../web/schemas/builds.ts';
import type { Answer, Client } from './client.ts';

type Page = Answer<typeof buildList>;

export const buildArgumentHelp = 'REPO#NUMBER, REPO for its newest build, or the id of the build';
export const repositoryArgumentHelp = 'name of the repository';
export const jobArgumentHelp = 'name, position (from 1) or id of the job';

/**
 * Finds the build that a person named.
 * @param text an id, `repo#number`, or a repository's name for its newest build
 * @throws VoltError `not_found`; `usage` if the text is ambiguous
 */
export async function resolveBuild(client: Client, text: string): Promise<Build> {
  if (parseBuildId(text)) return buildById(client, text);
  const [, repo = text, number] = /^([^#]+)#([1-9][0-9]*)$/.exec(text) ?? [];
  const found =
    number === undefined ? await newestBuild(client, repo) : await numberedBuild(client, repo, Number(number));
  if (found) return client.get<Build>(`/builds/${found.id}`);
  await requireRepository(client, repo);
  throw new VoltError('not_found', `build ${text} does not exist`, {
    remedy: 'See `volt builds`. Name a build as REPO#NUMBER, by its id, or by REPO for its newest build.',
  });
}

/** @throws VoltError `not_found` if nobody watches a repository of that name; it names a similar one */
export async function requireRepository(client: Client, name: string): Promise<void> {
  await client.get(`/repos/${encodeURIComponent(name)}`);
}

/** @throws VoltError `usage` if the id is also the name of a repository, so that no wrong build is cancelled */
async function buildById(client: Client, id: string): Promise<Build> {
  if (await newestBuild(client, id)) {
    throw new VoltError('usage', `"${id}" is both the id of a build and the name of a repository`, {
      remedy: `Name the build as REPO#NUMBER; for the repository ${id}, as ${id}#NUMBER.`,
    });
  }
  return client.get<Build>(`/builds/${id}`);
}

async function newestBuild(client: Client, repo: string): Promise<BuildSummary | undefined> {
  const { builds } = await client.get<Page>('/builds', { repo, limit: 1 });
  return builds[0];
}

/** Searches the pages, newest first, until the numbers are below the wanted one. */
async function numberedBuild(client: Client, repo: string, number: number): Promise<BuildSummary | undefined> {
  let before: string | undefined;
  for (;;) {
    const { builds, next } = await client.get<Page>('/builds', { repo, limit: 500, before });
    const found = builds.find((build) => build.number === number);
    if (found || next === null || (builds.at(-1)?.number ?? 0) <= number) return found;
    before = next;
  }
}

/**
 * Finds the job of a build that a person named.
 * @throws VoltError `not_found`, which lists the jobs; `usage` if several jobs have the name
 */
export function resolveJob(build: Build, text: string): Job {
  const named = build.jobs.filter((job) => job.name === text);
  if (named.length > 1) {
    throw new VoltError('usage', `build ${build.repo}#${build.number} has ${named.length} jobs "${text}"`, {
      remedy: `Give the id of one: ${named.map((job) => job.id).join(', ')}.`,
    });
  }
  const found =
    named[0] ??
    build.jobs.find((job) => job.id === text) ??
    (/^[1-9][0-9]*$/.test(text) ? build.jobs[Number(text) - 1] : undefined);
  if (found) return found;
  const meant = hint(
    text,
    build.jobs.map(({ name }) => name),
  );
  throw new VoltError('not_found', `build ${build.repo}#${build.number} has no job "${text}"${meant}`, {
    remedy: `Its jobs are: ${build.jobs.map((job, index) => `${index + 1}. ${job.name}`).join(', ') || 'none'}.`,
  });
}
