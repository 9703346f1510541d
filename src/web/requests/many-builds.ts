import { counted } from '../../kernel/counted.ts';
import { VoltError } from '../../kernel/errors.ts';
import type { BuildId, BuildSummary } from '../../kernel/model.ts';
import { type ChosenBuilds, chooseBuilds, type ManyBuilds, requestOfMany } from '../../record/many-builds.ts';
import { readRepository } from '../access/readable.ts';
import type { Requester } from '../access/requester.ts';
import { reachOf, requireRoleOf } from '../access/rights.ts';
import type { Web } from '../services.ts';
import { announceBuilds } from './announce.ts';

/** What people request about several builds at once. */

/** The builds of a branch that no job has begun. */
export interface QueuedOf {
  repo: string;
  branch: string;
}

/** The builds that have ended in an error since a time (ms since 1970), of one repository or of all. */
export interface ErrorsSince {
  since: number;
  repo?: string | undefined;
}

/** What was requested of which builds. */
export interface RequestedOfMany {
  builds: (Pick<BuildSummary, 'id' | 'repo' | 'number'> & { intent: number })[];
  /** builds that fit and are left for another request, since one request takes a limited number */
  left: number;
}

/** @throws VoltError `not_found`, `role_needed` */
export async function chooseQueued(web: Web, requester: Requester, of: QueuedOf): Promise<ChosenBuilds> {
  return chooseBuilds(web.database, await queuedOf(web, requester, of));
}

/** @throws VoltError `not_found`, `role_needed` */
export async function chooseErrors(web: Web, requester: Requester, of: ErrorsSince): Promise<ChosenBuilds> {
  return chooseBuilds(web.database, await errorsSince(web, requester, of));
}

/**
 * Cancels the queued builds of a branch.
 * @param only those that the person has seen; all by default
 * @throws VoltError `not_found`, `role_needed`, or `conflict` if there is none
 */
export async function cancelQueued(
  web: Web,
  requester: Requester,
  of: QueuedOf,
  only?: readonly BuildId[],
): Promise<RequestedOfMany> {
  const many = await queuedOf(web, requester, of);
  return request(web, requester, { ...many, only }, `no build of ${of.branch} in ${of.repo} is queued`);
}

/**
 * Runs the jobs that did not succeed again, of the builds that have ended in an error.
 * @param only those that the person has seen; all by default
 * @throws VoltError `not_found`, `role_needed`, or `conflict` if there is none
 */
export async function retryErrors(
  web: Web,
  requester: Requester,
  of: ErrorsSince,
  only?: readonly BuildId[],
): Promise<RequestedOfMany> {
  const many = await errorsSince(web, requester, of);
  return request(web, requester, { ...many, only }, 'no build has ended in an error since then');
}

async function queuedOf(web: Web, requester: Requester, { repo, branch }: QueuedOf): Promise<ManyBuilds> {
  await requireMayRun(web, requester, repo, 'cancelling builds');
  return { ...actedOn(requester), kind: 'cancel', status: 'queued', repo, ref: `refs/heads/${branch}` };
}

async function errorsSince(web: Web, requester: Requester, { since, repo }: ErrorsSince): Promise<ManyBuilds> {
  if (repo !== undefined) await requireMayRun(web, requester, repo, 'retrying builds');
  return { ...actedOn(requester), kind: 'retry', status: 'error', repo, endedSince: since };
}

async function requireMayRun(web: Web, requester: Requester, repo: string, what: string): Promise<void> {
  await readRepository(web.database, requester.reader, repo);
  requireRoleOf(requester, 'run', what, repo);
}

/** Only builds of repositories in which the requester may run builds. */
function actedOn({ caller }: Requester): Pick<ManyBuilds, 'reader'> {
  return { reader: reachOf(caller, 'run') };
}

async function request(web: Web, { caller }: Requester, many: ManyBuilds, none: string): Promise<RequestedOfMany> {
  const { builds, total, requests } = await requestOfMany(web.database, many, caller?.name ?? null);
  if (builds.length === 0) {
    throw new VoltError('conflict', none, { remedy: 'Nothing is left to do; `volt builds` lists the builds.' });
  }
  await announceBuilds(
    web,
    builds.map(({ id }) => id),
  );
  return {
    builds: builds.map(({ id, repo, number }, index) => ({ id, repo, number, intent: requests[index] ?? 0 })),
    left: total - builds.length,
  };
}

/** What was requested, for the audit log: `3 builds: app#12, app#13, lib#4`. */
export function manyText({ builds }: RequestedOfMany): string {
  const names = builds.map(({ repo, number }) => `${repo}#${number}`).join(', ');
  return `${counted(builds.length, 'build')}: ${names}`;
}
