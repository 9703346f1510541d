import type { Attempt } from './model.ts';
import { duration } from './times.ts';

/**
 * How an attempt was lost, in one sentence: `runner vanished after 41 s, noticed after 0.1 s, moved to r4`.
 * @param lost milliseconds since 1970: the start of the attempt, the last heartbeat of its runner, and when the loss was noticed
 * @param next the next attempt, which may not have a runner yet
 */
export function lossSentence(
  how: string,
  lost: { startedAt: number | null; lostAt: number; noticedAt: number },
  next: Pick<Attempt, 'runner'> | undefined,
): string {
  const after =
    lost.startedAt === null ? ' before it started' : ` after ${duration(Math.max(lost.lostAt - lost.startedAt, 100))}`;
  const movedTo = next && (next.runner === null ? ', waiting for another runner' : `, moved to ${next.runner}`);
  return `${how}${after}, noticed after ${duration(Math.max(lost.noticedAt - lost.lostAt, 100))}${movedTo ?? ''}`;
}
