import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { countedAs } from '../access/caller.ts';
import type { WebEnv } from '../access/env.ts';
import type { Guard } from '../access/guard.ts';
import { networkOf } from '../http/network.ts';
import type { OpenStreams, Producer } from './sse.ts';

/** Seconds after which a refused client should try again. */
const pause = 5;

/**
 * Answers with a stream of events. It ends when the token or session of the request ends.
 * @throws VoltError `rate_limited`
 */
export function answerStream(
  context: Context<WebEnv>,
  { streams, guard }: { streams: OpenStreams; guard: Guard },
  produce: Producer,
): Response {
  const caller = context.get('caller');
  const { address } = context.get('source');
  const answer = streams.answer(produce, {
    sender: caller === undefined ? `sender ${networkOf(address)}` : countedAs(caller),
    known: caller !== undefined,
    isValid: async () => caller === undefined || (await guard.callerOf(context)) !== undefined,
  });
  if (answer) return answer;
  context.header('retry-after', String(pause));
  throw new VoltError('rate_limited', 'too many event streams are open', {
    remedy: 'Close pages of Volt that are open, or ask again later; without a stream a page can be loaded again.',
  });
}
