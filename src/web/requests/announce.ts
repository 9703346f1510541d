import { errorText } from '../../kernel/errors.ts';
import type { BuildId } from '../../kernel/model.ts';
import type { StageContext } from '../../queues/stage.ts';
import type { Repository } from '../../record/repositories.ts';
import { within } from '../../system/wait.ts';

/** Milliseconds that a request waits for Redis to take its announcement. */
const timeout = 2000;

/**
 * Waits until an announcement is sent. If Redis does not take it in time, the request still counts: the announcement goes
 * out when Redis is back, and the stages poll the database anyway.
 */
export async function announce(web: Pick<StageContext, 'access' | 'logger'>, sending: Promise<void>): Promise<void> {
  const sent = await within(
    sending.then(
      () => 'sent',
      (error) => errorText(error),
    ),
    web.access.client.status === 'ready' ? timeout : 0,
  );
  if (sent === 'sent') return;
  const error = sent ?? 'Redis does not answer';
  web.logger.warn('a request is recorded but not announced; it takes effect when the database is polled next', {
    error,
  });
}

/** Has the dispatcher look at builds, of which something is requested. */
export async function announceBuilds(web: StageContext, builds: readonly BuildId[]): Promise<void> {
  const sending = Promise.all(builds.map((build) => web.queues.sendAdvance({ v: 1, build })));
  await announce(
    web,
    sending.then(() => undefined),
  );
}

/** Has an observer poll a repository, of which a person requests something. */
export async function announcePoll(
  web: StageContext,
  { name, host }: Pick<Repository, 'name' | 'host'>,
): Promise<void> {
  await announce(web, web.queues.sendObserve(host, { v: 1, repo: name, cause: 'person' }));
}
