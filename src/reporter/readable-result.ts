import { z } from 'zod';
import type { FinalStatus } from '../kernel/model.ts';
import { serverTime } from '../kernel/server-time.ts';
import { whyNotUnderstood } from '../queues/dead-letters.ts';
import { type ResultMessage, resultMessage } from '../queues/messages.ts';

/**
 * What can be done without in a result that a newer runner or dispatcher has sent, and what stands in its place. The rest is
 * what a verdict is made of.
 */
const dispensable: { readonly [kind: string]: { readonly [field: string]: unknown } } = {
  finished: { reason: null, message: null, exitCode: null, steps: [], tests: undefined },
  returned: { message: 'the runner gave it back' },
  decided: { reason: 'bad_message', message: null },
};

/** Characters of a message's text, see messages.ts. */
const mostText = 10_000;

/** Without these nobody knows what a message is about. */
const named = z.looseObject({ kind: z.literal('finished'), runner: z.looseObject({ name: z.string() }) });

/**
 * A result that does not fit its schema, as far as it can be understood, so that no job runs for ever because its runner is of
 * another version than the reporter. What only describes the outcome is left out, and the message says so. An outcome of
 * which more is not understood ends the job as an error of ours.
 * @param content as it came
 * @returns undefined where it is not even known what it is about
 */
export function readableResult(content: unknown): ResultMessage | undefined {
  if (typeof content !== 'object' || content === null) return undefined;
  const places = dispensable[String((content as { kind?: unknown }).kind)];
  if (!places) return undefined;
  const parsed = resultMessage.safeParse(content);
  if (parsed.success) return parsed.data;
  const why = whyNotUnderstood(parsed.error);
  const fields = new Set(parsed.error.issues.map(({ path }) => String(path[0])));
  const left = [...fields].filter((field) => field in places);
  const fitting = { ...content, ...Object.fromEntries(left.map((field) => [field, places[field]])) };
  const note = `the reporter does not understand all that was said of the outcome (${why}); that is left out`;
  const { message: said } = fitting as { message?: unknown };
  const message = (typeof said === 'string' ? `${said} (${note})` : note).slice(0, mostText);
  const lighter = resultMessage.safeParse({ ...fitting, message });
  return lighter.success ? lighter.data : endedByUs(content, why);
}

function endedByUs(content: object, why: string): ResultMessage | undefined {
  const about = named.safeParse(content);
  if (!about.success) return undefined;
  const { job, attempt, runner, logBytes, startedAt, finishedAt } = about.data;
  const now = serverTime();
  const outcome = { status: 'error' satisfies FinalStatus, reason: 'bad_message', exitCode: null, steps: [] };
  const message = `the reporter does not understand the outcome that runner ${runner.name} has reported: ${why}`;
  for (const [bytes, times] of [
    [logBytes, { startedAt, finishedAt }],
    [0, { startedAt: now, finishedAt: now }],
  ]) {
    const parsed = resultMessage.safeParse({
      ...{ v: 1, kind: 'finished', job, attempt, runner, ...outcome, message },
      ...{ logBytes: bytes, ...(times as object) },
    });
    if (parsed.success) return parsed.data;
  }
  return undefined;
}
