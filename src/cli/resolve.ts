import { VoltError } from '../kernel/errors.ts';
import { type Build, type BuildSummary, type Job, parseBuildId } from '../kernel/model.ts';
import type { Client } from './client.ts';

interface Page {
  builds: BuildSummary[];
  next: string | null;
}

/** What the argument BUILD may be; shown in the help of every command that takes one. */
export const buildArgumentHelp = 'its id, REPO#NUMBER, or REPO for the newest build of a repository';
export const jobArgumentHelp = 'its name, its position (from 1) or its id';

/**
 * The build that a person means.
 * @param text an id, `repo#number`, or a repository's name for its newest build
 * @throws VoltError `not_found`, `usage` where the text may mean two things
 */
export async function resolveBuild(client: Client, text: string): Promise<Build> {
  if (parseBuildId(text)) return buildById(client, text);
  const [, repo = text, number] = /^([^#]+)#([1-9][0-9]*)$/.exec(text) ?? [];
  const found =
    number === undefined ? await newestBuild(client, repo) : await numberedBuild(client, repo, Number(number));
  if (found) return client.get<Build>(`/builds/${found.id}`);
  throw new VoltError('not_found', `there is no build ${text}`, {
    remedy: 'See `volt builds`. A build is named by its id, as repo#number, or by a repository for its newest build.',
  });
}

/** A repository may be named like an id; nobody is to cancel another build than the one that was meant. */
async function buildById(client: Client, id: string): Promise<Build> {
  if (await newestBuild(client, id)) {
    throw new VoltError('usage', `"${id}" is the id of a build, and the name of a repository`, {
      remedy: `Name a build of that repository as ${id}#NUMBER, and the one with that id by its own repository and number.`,
    });
  }
  return client.get<Build>(`/builds/${id}`);
}

async function newestBuild(client: Client, repo: string): Promise<BuildSummary | undefined> {
  const { builds } = await client.get<Page>('/builds', { repo, limit: 1 });
  return builds[0];
}

/** Numbers fall from page to page, so the search ends at the first that is not above the one wanted. */
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
 * The job of a build that a person means.
 * @throws VoltError `not_found` naming the jobs that there are
 */
export function resolveJob(build: Build, text: string): Job {
  const named = build.jobs.filter((job) => job.name === text);
  if (named.length > 1) {
    throw new VoltError('usage', `build ${build.repo}#${build.number} has ${named.length} jobs "${text}"`, {
      remedy: `Name one by its id: ${named.map((job) => job.id).join(', ')}.`,
    });
  }
  const found =
    named[0] ??
    build.jobs.find((job) => job.id === text) ??
    (/^[1-9][0-9]*$/.test(text) ? build.jobs[Number(text) - 1] : undefined);
  if (found) return found;
  throw new VoltError('not_found', `build ${build.repo}#${build.number} has no job "${text}"`, {
    remedy: `Its jobs are: ${build.jobs.map((job, index) => `${index + 1} ${job.name}`).join(', ') || 'none'}.`,
  });
}
