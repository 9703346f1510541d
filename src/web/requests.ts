import { checkRefName } from '../git/refs.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import { type BuildId, buildIdOf, isFinal, type JobId, type Status, statusWords } from '../kernel/model.ts';
import { within } from '../kernel/wait.ts';
import type { BuildEvent } from '../queues/messages.ts';
import { findBuild, findJob } from '../record/builds.ts';
import { openCancel, openRetry, openTrigger } from '../record/intents.ts';
import { findRepository } from '../record/repositories.ts';
import { jobsToRetry } from '../workflow/retry.ts';
import { type Caller, owner } from './access/caller.ts';
import type { Web } from './context.ts';

/**
 * What a person asks for, whether through the API or a form. Each is written to the record and then announced, and each
 * gives the id of the intent, by which the person can see what became of it.
 */

/**
 * An announcement that Redis does not take within this many milliseconds is not waited for: it goes out when Redis is
 * back, and stages look into the record anyway.
 */
const patience = 2000;

/** @throws VoltError `not_found`, or `conflict` when the build is final */
export async function cancelBuild(web: Web, id: BuildId, caller: Caller | undefined): Promise<number> {
  const build = await findBuild(web.record, id);
  if (!build) throw noBuild(id);
  if (isFinal(build.status)) throw alreadyFinal(`build ${id}`, build.status);
  return cancel(web, build.repo, id, null, caller);
}

/** @throws VoltError `not_found`, or `conflict` when the job is final */
export async function cancelJob(web: Web, id: JobId, caller: Caller | undefined): Promise<number> {
  const job = await findJob(web.record, id);
  if (!job) throw noJob(id);
  if (isFinal(job.status)) throw alreadyFinal(`job ${id}`, job.status);
  return cancel(web, job.repo, buildIdOf(id), id, caller);
}

/**
 * @param failedOnly only what did not succeed, and what depends on it
 * @throws VoltError `not_found`, or `conflict` when the build is not over or nothing of it would run
 */
export async function retryBuild(web: Web, id: BuildId, failedOnly: boolean): Promise<number> {
  return retry(web, id, { job: null, failedOnly });
}

/** @throws VoltError `not_found`, or `conflict` when the job's build is not over or it would not run */
export async function retryJob(web: Web, id: JobId): Promise<number> {
  if (!(await findJob(web.record, id))) throw noJob(id);
  return retry(web, buildIdOf(id), { job: id, failedOnly: false });
}

async function retry(web: Web, id: BuildId, wish: { job: JobId | null; failedOnly: boolean }): Promise<number> {
  const build = await findBuild(web.record, id);
  if (!build) throw noBuild(id);
  // the dispatcher looks again; here a person learns at once what cannot be
  jobsToRetry(id, build.jobs, wish);
  if (!(await findRepository(web.record, build.repo))) {
    throw new VoltError('conflict', `the repository ${build.repo} is not observed any more`, {
      remedy: 'Add it again, then retry.',
    });
  }
  const intent = await openRetry(web.record, build.repo, id, wish);
  await announce(web, web.queues.sendAdvance({ v: 1, build: id }));
  return intent;
}

/** @throws VoltError `bad_ref`, `not_found`, or `conflict` where an event is for workflows and a command runs instead */
export async function triggerBuild(
  web: Web,
  name: string,
  ref: string | null,
  event: BuildEvent | null = null,
): Promise<number> {
  if (ref !== null) checkRefName(ref);
  const repository = await findRepository(web.record, name);
  if (!repository) {
    throw new VoltError('not_found', `no repository named "${name}" is observed`, {
      remedy: '/api/v1/repos lists those that are.',
    });
  }
  if (event !== null && repository.command !== null) {
    throw new VoltError('conflict', `${name} has a command of its own, so its workflows do not run`, {
      remedy: `Take the command away first: \`volt repo set ${name} --discover\`.`,
    });
  }
  const intent = await openTrigger(web.record, name, ref, event);
  await announce(web, web.queues.sendObserve(repository.host, { v: 1, repo: name, cause: 'person' }));
  return intent;
}

export function noBuild(id: BuildId): VoltError {
  return new VoltError('not_found', `there is no build ${id}`, {
    remedy: '/api/v1/builds lists those that are there.',
  });
}

export function noJob(id: JobId): VoltError {
  return new VoltError('not_found', `there is no job ${id}`, {
    remedy: `/api/v1/builds/${buildIdOf(id)} lists the jobs of its build.`,
  });
}

export function noTest(repo: string, id: string): VoltError {
  return new VoltError('not_found', `${repo} has no test ${id}`, {
    remedy: `/api/v1/repos/${repo}/tests lists its tests. One goes with the last build that had it.`,
  });
}

async function cancel(
  web: Web,
  repo: string,
  build: BuildId,
  job: JobId | null,
  caller: Caller | undefined,
): Promise<number> {
  // many may have the main token, so its name tells nobody apart
  const by = caller && caller.id !== owner.id ? caller.name : null;
  const intent = await openCancel(web.record, repo, build, job, by);
  await announce(web, web.queues.sendAdvance({ v: 1, build }));
  return intent;
}

function alreadyFinal(what: string, status: Status): VoltError {
  return new VoltError('conflict', `${what} has ended already: ${statusWords[status]}`, {
    remedy: 'There is nothing left to cancel.',
  });
}

export async function announce(web: Web, sending: Promise<void>): Promise<void> {
  const sent = await within(
    sending.then(
      () => 'sent',
      (error) => errorText(error),
    ),
    web.access.client.status === 'ready' ? patience : 0,
  );
  if (sent !== 'sent') {
    web.logger.warn(
      'a request is recorded but could not be announced; it takes effect at the next look into the record',
      {
        error: sent ?? 'Redis does not answer',
      },
    );
  }
}
