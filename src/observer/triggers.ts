import type { Mirror } from '../git/mirror.ts';
import type { UpdateOptions } from '../git/mirror-update.ts';
import type { RemoteRefs } from '../git/remote.ts';
import { asVoltError, VoltError } from '../kernel/errors.ts';
import { buildEvent, type CommitMessage } from '../queues/messages.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { failIntent, type Intent, openTriggers } from '../record/intents.ts';
import type { Repository } from '../record/repositories.ts';
import { allWithWorkflows } from './workflow-files.ts';

/**
 * What a person asked for becomes a commit message of its own, or an error that says why not. A mark in the commit's
 * message does not count against a person's wish.
 */
export async function answerTrigger(
  { database }: StageContext & { database: Database },
  trigger: Intent,
  repository: Repository,
  mirror: Mirror,
  {
    defaultBranch,
    options,
    send,
  }: Pick<RemoteRefs, 'defaultBranch'> & {
    options: UpdateOptions;
    /** sends what has all that it needs; the rest is asked for again by a later look */
    send: (ref: string, messages: CommitMessage[]) => Promise<void>;
  },
): Promise<void> {
  try {
    const name = trigger.ref ?? defaultBranch;
    if (name === null)
      throw new VoltError('commit_missing', 'the repository has no default branch', { remedy: 'Name a ref.' });
    const { ref, sha } = await mirror.find(name, options);
    const commit = await mirror.commit(sha);
    const event = buildEvent.nullable().parse(trigger.event) ?? undefined;
    const message: CommitMessage = {
      v: 1,
      repo: repository.name,
      ref,
      ...commit,
      trigger: event?.name === 'schedule' ? 'schedule' : 'manual',
      ...(event && { event }),
      intent: trigger.id,
      passedOver: 0,
      more: false,
    };
    await send(ref, await allWithWorkflows(mirror, repository, [message], defaultBranch, options));
  } catch (error) {
    await failIntent(database, trigger.id, asVoltError(error));
  }
}

/** Nothing that a person has asked of the repository can be. */
export async function failTriggers(database: Database, repo: string, error: VoltError): Promise<void> {
  for (const trigger of await openTriggers(database, repo)) await failIntent(database, trigger.id, error);
}
