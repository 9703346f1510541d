import type { Mirror } from '../git/mirror/mirror.ts';
import type { UpdateOptions } from '../git/mirror/update.ts';
import type { RemoteRefs } from '../git/remote/remote-refs.ts';
import { asVoltError, VoltError } from '../kernel/errors.ts';
import type { Trigger } from '../kernel/model.ts';
import { type BuildEvent, buildEvent, type CommitMessage } from '../queues/messages.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { failIntent, type Intent, openTriggers } from '../record/intents.ts';
import type { Repository } from '../record/repositories.ts';
import { allDescribed } from './described-commits.ts';
import { allWithWorkflows } from './workflow-files.ts';

/**
 * Makes a commit message from what a person asked for, or an error that says why that is impossible. A mark that skips a
 * commit is ignored.
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
    /** sends the messages that have all that they need; a later poll answers the others */
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
      trigger: triggerOf(event),
      ...(event && { event }),
      intent: trigger.id,
      passedOver: 0,
      more: false,
    };
    const messages = await allWithWorkflows(mirror, repository, [message], defaultBranch, options);
    await send(ref, await allDescribed(mirror, repository, messages, defaultBranch, options));
  } catch (error) {
    await failIntent(database, trigger.id, asVoltError(error));
  }
}

function triggerOf(event: BuildEvent | undefined): Trigger {
  if (event?.name === 'schedule') return 'schedule';
  return event && ['forge', 'pull_request_target', 'workflow_run'].includes(event.name) ? 'event' : 'manual';
}

/** Fails everything that people have asked of the repository. What events ask for waits until the remote is back. */
export async function failTriggers(database: Database, repo: string, error: VoltError): Promise<void> {
  for (const trigger of await openTriggers(database, repo))
    if (triggerOf(buildEvent.nullable().parse(trigger.event) ?? undefined) !== 'event')
      await failIntent(database, trigger.id, error);
}
