import { VoltError } from '../../kernel/errors.ts';
import { hideCredentials } from '../../kernel/urls.ts';
import { pause } from '../../system/wait.ts';
import { messagesOf } from '../command/messages.ts';

/** Whether the server serves only listed refs, and no object by its id, as with an old protocol. */
export function isNotAdvertised(error: unknown): boolean {
  return /unadvertised object/.test(messagesOf(error));
}

/**
 * Ignores that refs could not be stored whose names are too long for files, as anybody may push them: git goes on to the
 * other refs.
 * @throws any other error
 */
export function ignoreLongRefNames(error: unknown): void {
  const faults = messagesOf(error).match(/^(error|fatal): .*/gm) ?? [];
  // git cuts the message within the name, so the reason is missing
  if (faults.length === 0 || !faults.every((line) => /^error: cannot lock ref 'refs\/[^']{240}/.test(line)))
    throw error;
}

/** Messages of git, libcurl, TLS libraries and ssh when an established connection breaks. */
const broken =
  /early EOF|bad pack header|unexpected disconnect|hung up unexpectedly|unexpected EOF|transfer closed with|end of response with|Empty reply from server|Recv failure|Send failure|Connection reset|Connection closed by|Broken pipe|(GnuTLS|SSL) \w+:? .*(error|terminated)|SSL_(read|write|ERROR_SYSCALL)|TLS connection was non-properly terminated|HTTP\/2 stream \d+ was (not closed cleanly|reset)|RPC failed; curl (16|18|52|55|56|92) |RPC failed; HTTP 50[234]|returned error: 50[234]|unexpectedly closed/i;
/** Messages of faults of this machine or the repository, which a retry would meet again. */
const lasting = /No space left|Disk quota exceeded|Input\/output error|not our ref|pack exceeds|on the remote side/;

/** Whether a transfer was cut off on its way, without a refusal by either side. */
function isCutOff(error: unknown): boolean {
  const said = messagesOf(error);
  return broken.test(said) && !lasting.test(said);
}

/** Milliseconds before each retry of a transfer that was cut off. */
const pauses = [500, 2000];

/**
 * Retries a transfer after a broken connection, so that no job fails by one broken connection.
 * @param again is called before each retry
 */
export async function retryTransfer<T>(
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
