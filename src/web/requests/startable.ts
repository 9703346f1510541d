import { checkRefName } from '../../git/remote/ref-names.ts';
import { storedError, VoltError } from '../../kernel/errors.ts';
import { serverNow } from '../../kernel/server-time.ts';
import type { Repository } from '../../record/repositories.ts';
import { askStartable, type StartableAnswer, type StartableAtRef, startableAt } from '../../record/startable.ts';
import type { Web } from '../services.ts';
import { announcePoll } from './announce.ts';
import { awaitAnswer } from './await-answer.ts';

/** Milliseconds after a question for which its answer counts as current. */
const fresh = 15_000;

/**
 * The workflows that a person can start at a ref. An observer reads them, since only it has the files of the repository.
 * @param ref null for the default branch
 * @param patience milliseconds to wait for the observer
 * @returns the last answer, which is of an earlier question if the observer has not answered in time; undefined for none
 * @throws VoltError `bad_ref`
 */
export async function startableOf(
  web: Web,
  { name, host }: Pick<Repository, 'name' | 'host'>,
  ref: string | null,
  patience: number,
): Promise<StartableAnswer | undefined> {
  if (ref !== null) checkRefName(ref);
  const { database } = web;
  const before = await startableAt(database, name, ref);
  const isFresh = before !== undefined && serverNow() - before.askedAt < fresh;
  if (isFresh && isAnswered(before)) return before;
  if (!isFresh) await askStartable(database, name, ref);
  await announcePoll(web, { name, host });
  const answered = async () => {
    const now = await startableAt(database, name, ref);
    return now && isAnswered(now) ? now : undefined;
  };
  return (await awaitAnswer(answered, patience)) ?? before;
}

/** Whether the last question is answered. */
export function isAnswered({ askedAt, answeredAt }: StartableAnswer): boolean {
  return answeredAt !== null && answeredAt >= askedAt;
}

/**
 * As `startableOf`, for a client that takes nothing but a current answer.
 * @throws VoltError `bad_ref`, `timed_out`, and why the observer cannot read the ref: `commit_missing`, `fetch_failed`
 */
export async function requireStartable(
  web: Web,
  repository: Repository,
  ref: string | null,
  patience: number,
): Promise<StartableAtRef> {
  const answer = await startableOf(web, repository, ref, patience);
  if (!answer || !isAnswered(answer)) {
    throw new VoltError('timed_out', `no observer has read the workflows of ${repository.name} in time`, {
      remedy: 'An observer must be up; see `volt status`. If the repository is large, ask again in a moment.',
    });
  }
  const { found, error } = answer;
  if (found) return found;
  throw storedError(error ?? { code: 'internal', message: 'the workflows could not be read', remedy: 'Ask again.' });
}
