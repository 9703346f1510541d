import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { networkOf } from '../access/address.ts';
import type { Web } from '../context.ts';
import type { WebEnv } from '../env.ts';
import type { Producer } from './sse.ts';

/** Seconds until it is worth asking again. */
const pause = 5;

/**
 * Answers with a stream of events. It ends when the token or the session that it was asked for with does.
 * @throws VoltError `rate_limited`
 */
export function answerStream(context: Context<WebEnv>, web: Web, produce: Producer): Response {
  const caller = context.get('caller');
  const { address } = context.get('whence');
  const answer = web.streams.answer(produce, {
    sender: caller === undefined ? `sender ${networkOf(address)}` : `token ${caller.id}`,
    known: caller !== undefined,
    holds: async () => caller === undefined || (await web.guard.callerOf(context)) !== undefined,
  });
  if (answer) return answer;
  context.header('retry-after', String(pause));
  throw new VoltError('rate_limited', 'too many event streams are open', {
    remedy: 'Close pages of Volt that are open, or ask again later; without a stream a page can be loaded again.',
  });
}
