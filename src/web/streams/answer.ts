import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { type Caller, countedAs } from '../access/caller.ts';
import type { WebEnv } from '../access/env.ts';
import type { Guard } from '../access/guard.ts';
import { networkOf } from '../http/network.ts';
import type { OpenStreams, Producer } from './sse.ts';

/** Seconds after which a refused client should try again. */
const pause = 5;

/** Milliseconds after which a stream ends that a proxy has signed in: the browser asks again, and the proxy decides again. */
const longestByProxy = 60_000;

/**
 * Answers with a stream of events. It ends when the token or session of the request ends, and when what the caller may do changes:
 * a client that asks again gets what it may read by then.
 * @throws VoltError `rate_limited`
 */
export function answerStream(
  context: Context<WebEnv>,
  { streams, guard }: { streams: OpenStreams; guard: Guard },
  produce: Producer,
): Response {
  const caller = context.get('caller');
  const begun = performance.now();
  const isByProxy = context.get('told') !== undefined && caller?.token === null;
  const isOver = () => isByProxy && performance.now() - begun > longestByProxy;
  const { address } = context.get('source');
  const answer = streams.answer(produce, {
    sender: caller === undefined ? `sender ${networkOf(address)}` : countedAs(caller),
    known: caller !== undefined,
    isValid: async () => caller === undefined || (!isOver() && isSame(caller, await guard.callerOf(context))),
  });
  if (answer) return answer;
  context.header('retry-after', String(pause));
  throw new VoltError('rate_limited', 'too many event streams are open', {
    remedy: 'Close pages of Volt that are open, or ask again later; without a stream a page can be loaded again.',
  });
}

function isSame(before: Caller, now: Caller | undefined): boolean {
  return now !== undefined && JSON.stringify(now.rights) === JSON.stringify(before.rights);
}
