import { VoltError } from '../kernel/errors.ts';
import { hideCredentials } from '../kernel/urls.ts';
import { pause } from '../system/wait.ts';
import { saidBy } from './words.ts';

/** Whether the server gives nothing by its id that it does not list, as one that speaks an old protocol. */
export function isRefused(error: unknown): boolean {
  return /unadvertised object/.test(saidBy(error));
}

/**
 * Bears that refs did not come whose names are too long for files, as anybody may push them: git goes on to the others, which
 * are all that Volt has to do with.
 * @throws any other error
 */
export function bearLongNames(error: unknown): void {
  const faults = saidBy(error).match(/^(error|fatal): .*/gm) ?? [];
  // the name is not told to its end, and so why is not told at all
  if (faults.length === 0 || !faults.every((line) => /^error: cannot lock ref 'refs\/[^']{240}/.test(line)))
    throw error;
}

/** What git, libcurl, TLS libraries and ssh say when a connection that stood ends before its time. */
const broken =
  /early EOF|bad pack header|unexpected disconnect|hung up unexpectedly|unexpected EOF|transfer closed with|end of response with|Empty reply from server|Recv failure|Send failure|Connection reset|Connection closed by|Broken pipe|(GnuTLS|SSL) \w+:? .*(error|terminated)|SSL_(read|write|ERROR_SYSCALL)|TLS connection was non-properly terminated|HTTP\/2 stream \d+ was (not closed cleanly|reset)|RPC failed; curl (16|18|52|55|56|92) |RPC failed; HTTP 50[234]|returned error: 50[234]|unexpectedly closed/i;
/** What this machine or the repository is at fault for, so that it would come again. */
const lasting = /No space left|Disk quota exceeded|Input\/output error|not our ref|pack exceeds|on the remote side/;

/** Whether a transfer was cut off on its way: neither side has said no. */
function isCutOff(error: unknown): boolean {
  const said = saidBy(error);
  return broken.test(said) && !lasting.test(said);
}

/** Milliseconds before each further try of a transfer that was cut off. */
const pauses = [500, 2000];

/**
 * Does again what a connection that broke has ended, so that one broken transfer is nobody's verdict.
 * @param again is called before each further try
 */
export async function overBreaks<T>(
  work: () => Promise<T>,
  { signal }: { signal?: AbortSignal | undefined },
  again?: (error: unknown) => Promise<void>,
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const wait = pauses[tries];
      if (wait === undefined || signal?.aborted || !isCutOff(error)) throw error;
      await pause(wait, signal);
      if (signal?.aborted) throw error;
      await again?.(error);
    }
  }
}

export function fetchFailed(url: string, error: unknown): VoltError {
  const cause = error instanceof VoltError ? error : undefined;
  if (cause?.code === 'too_large') return cause;
  return new VoltError('fetch_failed', `cannot fetch ${hideCredentials(url)}: ${cause?.message ?? String(error)}`, {
    remedy: cause?.remedy ?? 'Run git fetch by hand to see more.',
    cause: error,
  });
}
