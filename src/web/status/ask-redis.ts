import { within } from '../../system/wait.ts';
import type { StatusSources } from './sources.ts';

/** Milliseconds that Redis has to answer before it counts as unreachable. */
const timeout = 1000;

/** The answer of Redis, or undefined if it does not come in time or there is no connection. */
export async function askRedis<T>(web: Pick<StatusSources, 'access'>, ask: () => Promise<T>): Promise<T | undefined> {
  if (web.access.client.status !== 'ready') return undefined;
  return within(ask(), timeout);
}
