import { InvalidArgumentError } from 'commander';
import type { Job } from '../kernel/model.ts';
import { parseSince } from '../kernel/since.ts';
import type { logLines } from '../web/schemas/logs.ts';
import type { Answer, Client } from './client.ts';

/** Which part of a log is wanted; all of it without either. */
export interface LogPart {
  /** number of its last lines */
  tail?: number;
  /** only what arrived from then on, in milliseconds since 1970 */
  since?: number;
}

type Lines = Answer<typeof logLines>;

/** The position in bytes at which the wanted part of a job's log begins. */
export async function startOf(
  client: Client,
  { id }: Pick<Job, 'id'>,
  attempt: number | undefined,
  { tail, since }: LogPart,
): Promise<number> {
  const line = (from: number) => client.get<Lines>(`/jobs/${id}/log/lines`, { attempt, from, count: 1 });
  if (tail !== undefined) return startIn(await line(-tail));
  if (since === undefined) return 0;
  // lines arrive in order, so their times are searched by halves
  let [low, high] = [0, (await line(-1)).total];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const at = (await line(middle)).lines[0]?.at;
    if (at == null || Date.parse(at) < since) low = middle + 1;
    else high = middle;
  }
  return startIn(await line(low));
}

function startIn({ lines, end }: Lines): number {
  return lines[0]?.start ?? end;
}

/** The time of `--since`, as milliseconds since 1970. */
export function sinceTime(text: string): number {
  const time = parseSince(text, Date.now());
  if (time !== undefined) return time;
  throw new InvalidArgumentError('It must be an age such as 90s, 10m, 2h or 1d, or a time in ISO 8601.');
}
