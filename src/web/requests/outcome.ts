import { storedError, type VoltError } from '../../kernel/errors.ts';
import type { Intent } from '../../record/intents.ts';
import type { Reader } from '../../record/visibility.ts';
import { readIntent } from '../access/readable.ts';
import type { Web } from '../services.ts';
import { awaitAnswer } from './await-answer.ts';

/** A request of a person and what has become of it. */
export type Outcome = Omit<Intent, 'error'> & { error: VoltError | undefined };

/**
 * What has become of a request.
 * @param patience milliseconds to wait until it is done
 * @returns the request; it is still open if the time is over
 * @throws VoltError `not_found`
 */
export async function outcomeOf(web: Web, reader: Reader, id: number, patience = 0): Promise<Outcome> {
  const done = async () => {
    const intent = await readIntent(web.database, reader, id);
    return intent.open ? undefined : intent;
  };
  const { error, ...rest } = (await awaitAnswer(done, patience)) ?? (await readIntent(web.database, reader, id));
  return { ...rest, error: error ? storedError(error) : undefined };
}
