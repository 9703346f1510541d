import * as z from 'zod';
import type { FinalStatus } from '../kernel/model.ts';
import { serverTime } from '../kernel/server-time.ts';
import { whyNotUnderstood } from '../queues/dead-letters.ts';
import { type ResultMessage, resultMessage } from '../queues/messages.ts';

/**
 * Fields of a result that are not needed for its verdict, with what replaces them if a newer runner or dispatcher sends them in an
 * unknown form.
 */
const replacements: { readonly [kind: string]: { readonly [field: string]: unknown } } = {
  finished: { reason: null, message: null, exitCode: null, steps: [], tests: undefined, image: undefined },
  returned: { message: 'the runner gave it back' },
  decided: { reason: 'bad_message', message: null },
};

/** The longest text of a message, see messages.ts. */
const mostText = 10_000;

/** Fields without which the attempt of a message is unknown. */
const identified = z.looseObject({ kind: z.literal('finished'), runner: z.looseObject({ name: z.string() }) });

/**
 * A result that does not fit its schema, as far as it is readable, so that no job runs for ever because its runner has another
 * version. Replaces unreadable fields that only describe the outcome, and says so in the message. If more is unreadable, the
 * job ends as an error of Volt.
 * @param content as received
 * @returns undefined where even the attempt is unknown
 */
export function readableResult(content: unknown): ResultMessage | undefined {
  if (typeof content !== 'object' || content === null) return undefined;
  const known = replacements[String((content as { kind?: unknown }).kind)];
  if (!known) return undefined;
  const parsed = resultMessage.safeParse(content);
  if (parsed.success) return parsed.data;
  const why = whyNotUnderstood(parsed.error);
  const fields = new Set(parsed.error.issues.map(({ path }) => String(path[0])));
  const replaced = [...fields].filter((field) => field in known);
  const fitting = { ...content, ...Object.fromEntries(replaced.map((field) => [field, known[field]])) };
  const note = `the reporter could not read all of the outcome (${why}) and left that out`;
  const { message: text } = fitting as { message?: unknown };
  const message = (typeof text === 'string' ? `${text} (${note})` : note).slice(0, mostText);
  const reduced = resultMessage.safeParse({ ...fitting, message });
  return reduced.success ? reduced.data : voltError(content, why);
}

function voltError(content: object, why: string): ResultMessage | undefined {
  const about = identified.safeParse(content);
  if (!about.success) return undefined;
  const { job, attempt, runner, logBytes, startedAt, finishedAt } = about.data;
  const now = serverTime();
  const outcome = { status: 'error' satisfies FinalStatus, reason: 'bad_message', exitCode: null, steps: [] };
  const message = `the reporter could not read the outcome that runner ${runner.name} reported: ${why}`;
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
