import { checkRefName } from '../../git/remote/ref-names.ts';
import { VoltError } from '../../kernel/errors.ts';
import { type BuildId, buildIdOf, isFinal, type JobId, type Status, statusWords } from '../../kernel/model.ts';
import type { BuildEvent } from '../../queues/messages.ts';
import { openCancel, openRetry, openTrigger } from '../../record/intents.ts';
import { isObserved } from '../../record/repositories.ts';
import { jobsToRetry } from '../../workflow/retry.ts';
import type { Caller } from '../access/caller.ts';
import { readBuild, readJob, readRepository } from '../access/readable.ts';
import type { Requester } from '../access/requester.ts';
import type { Web } from '../services.ts';
import { announceBuilds, announcePoll } from './announce.ts';

/**
 * What people request about builds, through the API or a page. Each request is written to the database and then announced.
 * Each function returns the id of the request, with which its outcome can be looked up.
 */

/** @throws VoltError `not_found`, or `conflict` when the build is final */
export async function cancelBuild(web: Web, requester: Requester, id: BuildId): Promise<number> {
  const build = await readBuild(web.database, requester.reader, id);
  if (isFinal(build.status)) throw alreadyFinal(`build ${build.repo}#${build.number}`, build.status);
  return cancel(web, build.repo, id, null, requester.caller);
}

/** @throws VoltError `not_found`, or `conflict` when the job is final */
export async function cancelJob(web: Web, requester: Requester, id: JobId): Promise<number> {
  const job = await readJob(web.database, requester.reader, id);
  if (isFinal(job.status)) throw alreadyFinal(`job ${id}`, job.status);
  return cancel(web, job.repo, buildIdOf(id), id, requester.caller);
}

/**
 * @param failedOnly only jobs that did not succeed, and jobs that depend on them
 * @throws VoltError `not_found`, or `conflict` if the build is not final or no job would run
 */
export async function retryBuild(web: Web, requester: Requester, id: BuildId, failedOnly: boolean): Promise<number> {
  return retry(web, requester, id, { job: null, failedOnly });
}

/** @throws VoltError `not_found`, or `conflict` if the job's build is not final or the job would not run */
export async function retryJob(web: Web, requester: Requester, id: JobId): Promise<number> {
  await readJob(web.database, requester.reader, id);
  return retry(web, requester, buildIdOf(id), { job: id, failedOnly: false });
}

async function retry(
  web: Web,
  requester: Requester,
  id: BuildId,
  which: { job: JobId | null; failedOnly: boolean },
): Promise<number> {
  const build = await readBuild(web.database, requester.reader, id);
  // the dispatcher checks again; this check tells the person at once
  jobsToRetry(id, build.jobs, which);
  if (!(await isObserved(web.database, build.repo))) {
    throw new VoltError('conflict', `the repository ${build.repo} is no longer observed`, {
      remedy: 'Add it again, then retry.',
    });
  }
  const intent = await openRetry(web.database, build.repo, id, which, requester.caller?.name ?? null);
  await announceBuilds(web, [id]);
  return intent;
}

/** The event of a request that names a workflow; null without one, for a build of the ref. @throws VoltError `bad_request` */
export function requestedEvent({
  workflow,
  inputs,
}: {
  workflow?: string | undefined;
  inputs?: { [name: string]: string } | undefined;
}): BuildEvent | null {
  if (workflow !== undefined) return { name: 'workflow_dispatch', workflow, inputs: inputs ?? {} };
  if (inputs === undefined) return null;
  throw new VoltError('bad_request', 'there are inputs but no workflow', { remedy: 'Name the workflow, too.' });
}

/** @throws VoltError `bad_ref`, `not_found`, or `conflict` if the event needs workflows and the repository has a command */
export async function triggerBuild(
  web: Web,
  requester: Requester,
  name: string,
  ref: string | null,
  event: BuildEvent | null = null,
): Promise<number> {
  if (ref !== null) checkRefName(ref);
  const repository = await readRepository(web.database, requester.reader, name);
  if (event !== null && repository.command !== null) {
    throw new VoltError('conflict', `${name} has a command, so its workflows do not run`, {
      remedy: `Remove the command first: \`volt repo set ${name} --discover\`.`,
    });
  }
  const intent = await openTrigger(web.database, name, ref, event, requester.caller?.name ?? null);
  await announcePoll(web, repository);
  return intent;
}

async function cancel(
  web: Web,
  repo: string,
  build: BuildId,
  job: JobId | null,
  caller: Caller | undefined,
): Promise<number> {
  const intent = await openCancel(web.database, repo, build, job, caller?.name ?? null);
  await announceBuilds(web, [build]);
  return intent;
}

function alreadyFinal(what: string, status: Status): VoltError {
  return new VoltError('conflict', `${what} has already ended: ${statusWords[status]}`, {
    remedy: 'There is nothing left to cancel.',
  });
}
