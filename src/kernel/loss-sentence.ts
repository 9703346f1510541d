import type { Attempt } from './model.ts';

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
  const after = lost.startedAt === null ? ' before it started' : ` after ${seconds(lost.lostAt - lost.startedAt)}`;
  const movedTo = next && (next.runner === null ? ', waiting for another runner' : `, moved to ${next.runner}`);
  return `${how}${after}, noticed after ${seconds(lost.noticedAt - lost.lostAt)}${movedTo ?? ''}`;
}

/** With a tenth below ten seconds; at least 0.1 s. */
function seconds(ms: number): string {
  const value = Math.max(ms, 100) / 1000;
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} s`;
}
