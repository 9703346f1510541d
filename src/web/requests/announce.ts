import { errorText } from '../../kernel/errors.ts';
import type { StageContext } from '../../queues/stage.ts';
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
