import { VoltError } from '../kernel/errors.ts';
import type { BuildId } from '../kernel/model.ts';
import { pause } from '../kernel/wait.ts';
import type { Client } from './client.ts';

/** What a person asked for, as the API shows it. */
export interface Intent {
  id: number;
  kind: 'trigger' | 'cancel';
  open: boolean;
  build: BuildId | null;
  error: { code: string; message: string } | null;
}

/**
 * Waits until a request has had its effect.
 * @returns the intent; still open where the time is over
 * @throws VoltError `conflict` when it can have none
 */
export async function awaitIntent(client: Client, id: number, seconds: number): Promise<Intent> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const intent = await client.get<Intent>(`/intents/${id}`);
    if (intent.error) {
      throw new VoltError('conflict', `${intent.error.code}: ${intent.error.message}`, {
        remedy: 'Correct what was asked for and ask again; `volt status` shows whether every stage is up.',
      });
    }
    if (!intent.open || Date.now() > until) return intent;
    await pause(100);
  }
}
