import { type ErrorCode, errorCodes, VoltError } from '../kernel/errors.ts';
import { pause } from '../system/wait.ts';
import type { intent } from '../web/schemas/intents.ts';
import type { Answer, Client } from './client.ts';

/** A request that a person made, as the API shows it. */
type Intent = Answer<typeof intent>;

/**
 * Waits until a request is done.
 * @returns the request; it is still open if the time is over
 * @throws VoltError if the request cannot be fulfilled
 */
export async function awaitIntent(client: Client, id: number, seconds: number): Promise<Intent> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const intent = await client.get<Intent>(`/intents/${id}`);
    if (intent.error) throw impossible(intent.error);
    if (!intent.open || Date.now() > until) return intent;
    await pause(100);
  }
}

function impossible({ code, message, remedy }: NonNullable<Intent['error']>): VoltError {
  const known = code in errorCodes ? (code as ErrorCode) : 'conflict';
  return new VoltError(known, message, { remedy });
}
