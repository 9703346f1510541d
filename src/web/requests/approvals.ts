import { VoltError } from '../../kernel/errors.ts';
import { type BuildId, buildIdOf, type JobId } from '../../kernel/model.ts';
import { decideWaits } from '../../record/approvals.ts';
import { owner } from '../access/caller.ts';
import { readBuild, readJob } from '../access/readable.ts';
import type { Requester } from '../access/requester.ts';
import type { Web } from '../services.ts';
import { announceBuilds } from './announce.ts';

/** What a person decides about jobs that wait for approval. */
export interface Decided {
  decline: boolean;
  comment?: string | undefined;
}

/** The same about those of a build. */
export interface DecidedOfBuild extends Decided {
  /** those that the person has seen, since others may wait by now; undefined for all */
  jobs?: readonly JobId[] | undefined;
}

/**
 * Decides about all jobs of a build that wait for approval, or about some of them.
 * @returns these jobs
 * @throws VoltError `not_found`, or `conflict` if none waits
 */
export async function approveBuild(
  web: Web,
  requester: Requester,
  id: BuildId,
  { jobs, ...decided }: DecidedOfBuild,
): Promise<JobId[]> {
  await readBuild(web.database, requester.reader, id);
  return decide(web, requester, { build: id, jobs: jobs ?? null }, decided);
}

/** @throws VoltError `not_found`, or `conflict` if the job does not wait for approval */
export async function approveJob(web: Web, requester: Requester, id: JobId, decided: Decided): Promise<JobId[]> {
  await readJob(web.database, requester.reader, id);
  return decide(web, requester, { build: buildIdOf(id), jobs: [id] }, decided);
}

async function decide(
  web: Web,
  { caller }: Requester,
  of: { build: BuildId; jobs: readonly JobId[] | null },
  { decline, comment }: Decided,
): Promise<JobId[]> {
  const jobs = await decideWaits(web.database, of, {
    decision: decline ? 'declined' : 'approved',
    by: caller?.name ?? owner.name,
    comment: comment?.trim() || null,
  });
  if (jobs.length === 0) {
    const what = of.jobs?.length === 1 ? `job ${of.jobs[0]} does not wait` : `no job of build ${of.build} waits`;
    throw new VoltError('conflict', `${what} for approval`, {
      remedy: 'Somebody may have decided already; `volt show` says what the jobs do.',
    });
  }
  await announceBuilds(web, [of.build]);
  return jobs;
}
