import { type ErrorCode, errorCodes, VoltError } from '../kernel/errors.ts';
import type { BuildId } from '../kernel/model.ts';
import { pause } from '../system/wait.ts';
import type { Client } from './client.ts';

/** A request that a person made, as the API shows it. */
export interface Intent {
  id: number;
  kind: 'trigger' | 'cancel' | 'retry';
  open: boolean;
  build: BuildId | null;
  error: { code: string; message: string; remedy: string } | null;
}

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
