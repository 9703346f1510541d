import { VoltError } from '../../kernel/errors.ts';

/** GitHub sends at most 25 MB. */
export const largestBody = 25 * 1024 * 1024;
/** Milliseconds within which a body must arrive. */
const bodyTimeout = 20_000;

/**
 * Gives a body to those who read it, piece by piece.
 * @param lost aborted when another body takes the slot
 * @throws VoltError `too_large`, `timed_out`
 */
export async function feed(
  body: ReadableStream<Uint8Array> | null,
  readers: readonly { update(chunk: Uint8Array): void }[],
  lost: AbortSignal,
): Promise<void> {
  if (!body) return;
  const reader = body.getReader();
  const late = AbortSignal.any([AbortSignal.timeout(bodyTimeout), lost]);
  const stop = () => void reader.cancel(late.reason).catch(() => undefined);
  late.addEventListener('abort', stop, { once: true });
  let size = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      size += next.value.length;
      if (size > largestBody) throw tooLarge();
      for (const each of readers) each.update(next.value);
    }
  } finally {
    late.removeEventListener('abort', stop);
  }
  if (late.aborted) {
    const bound = lost.aborted ? 'before other calls needed its slot' : `within ${bodyTimeout / 1000} s`;
    throw new VoltError('timed_out', `the body of the call did not arrive ${bound}`, {
      remedy: 'The next poll finds what was pushed. Check the connection between the forge and Volt.',
    });
  }
}

export function tooLarge(): VoltError {
  return new VoltError('too_large', 'the body of the call is larger than 25 MB', { remedy: 'Send a smaller one.' });
}
