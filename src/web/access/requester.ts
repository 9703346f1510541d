import type { Context } from 'hono';
import type { Reader } from '../../record/visibility.ts';
import type { Caller } from './caller.ts';
import type { WebEnv } from './env.ts';

/** Who makes a request, and which repositories they may read. */
export interface Requester {
  caller: Caller | undefined;
  reader: Reader;
}

export function requesterOf(context: Context<WebEnv>): Requester {
  return { caller: context.get('caller'), reader: context.get('reader') };
}
