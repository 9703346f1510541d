import { checkRefName } from '../../git/refs.ts';
import { errorText, VoltError } from '../../kernel/errors.ts';
import { type BuildId, buildIdOf, isFinal, type JobId, type Status, statusWords } from '../../kernel/model.ts';
import type { BuildEvent } from '../../queues/messages.ts';
import { openCancel, openRetry, openTrigger } from '../../record/intents.ts';
import { isObserved } from '../../record/repositories.ts';
import { within } from '../../system/wait.ts';
import { jobsToRetry } from '../../workflow/retry.ts';
import { type Caller, owner } from '../access/caller.ts';
import { readBuild, readJob, readRepository } from '../access/readable.ts';
import { type Asker, requireOwn } from '../access/reader.ts';
import type { Web } from '../services.ts';

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
export async function cancelBuild(web: Web, asker: Asker, id: BuildId): Promise<number> {
  const build = await readBuild(web.database, asker.reader, id);
  requireOwn(asker, build.repo);
  if (isFinal(build.status)) throw alreadyFinal(`build ${id}`, build.status);
  return cancel(web, build.repo, id, null, asker.caller);
}

/** @throws VoltError `not_found`, or `conflict` when the job is final */
export async function cancelJob(web: Web, asker: Asker, id: JobId): Promise<number> {
  const job = await readJob(web.database, asker.reader, id);
  requireOwn(asker, job.repo);
  if (isFinal(job.status)) throw alreadyFinal(`job ${id}`, job.status);
  return cancel(web, job.repo, buildIdOf(id), id, asker.caller);
}

/**
 * @param failedOnly only what did not succeed, and what depends on it
 * @throws VoltError `not_found`, or `conflict` when the build is not over or nothing of it would run
 */
export async function retryBuild(web: Web, asker: Asker, id: BuildId, failedOnly: boolean): Promise<number> {
  return retry(web, asker, id, { job: null, failedOnly });
}

/** @throws VoltError `not_found`, or `conflict` when the job's build is not over or it would not run */
export async function retryJob(web: Web, asker: Asker, id: JobId): Promise<number> {
  await readJob(web.database, asker.reader, id);
  return retry(web, asker, buildIdOf(id), { job: id, failedOnly: false });
}

async function retry(
  web: Web,
  asker: Asker,
  id: BuildId,
  wish: { job: JobId | null; failedOnly: boolean },
): Promise<number> {
  const build = await readBuild(web.database, asker.reader, id);
  requireOwn(asker, build.repo);
  // the dispatcher looks again; here a person learns at once what cannot be
  jobsToRetry(id, build.jobs, wish);
  if (!(await isObserved(web.database, build.repo))) {
    throw new VoltError('conflict', `the repository ${build.repo} is not observed any more`, {
      remedy: 'Add it again, then retry.',
    });
  }
  const intent = await openRetry(web.database, build.repo, id, wish);
  await announce(web, web.queues.sendAdvance({ v: 1, build: id }));
  return intent;
}

/** @throws VoltError `bad_ref`, `not_found`, or `conflict` where an event is for workflows and a command runs instead */
export async function triggerBuild(
  web: Web,
  asker: Asker,
  name: string,
  ref: string | null,
  event: BuildEvent | null = null,
): Promise<number> {
  if (ref !== null) checkRefName(ref);
  const repository = await readRepository(web.database, asker.reader, name);
  requireOwn(asker, name);
  if (event !== null && repository.command !== null) {
    throw new VoltError('conflict', `${name} has a command of its own, so its workflows do not run`, {
      remedy: `Take the command away first: \`volt repo set ${name} --discover\`.`,
    });
  }
  const intent = await openTrigger(web.database, name, ref, event);
  await announce(web, web.queues.sendObserve(repository.host, { v: 1, repo: name, cause: 'person' }));
  return intent;
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
  const intent = await openCancel(web.database, repo, build, job, by);
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
