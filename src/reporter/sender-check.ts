import { attemptName, type RunnerId } from '../kernel/model.ts';
import type { ResultMessage } from '../queues/messages.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { type AttemptHolder, attemptHolder, isRunnerKey, unknownKey } from '../record/runner-keys.ts';
import { notifyRunner } from '../redis/channels.ts';
import { signatory } from '../secrets/signed-message.ts';

type RunnerResult = Exclude<ResultMessage, { kind: 'decided' }>;

/** The sender of a message: the key of its signature, and the present holder of the attempt; undefined without the attempt. */
export interface Sender {
  key: string;
  holder: AttemptHolder | undefined;
}

/**
 * Decides which messages count. A runner can write anything to Redis, so the reporter accepts only messages that this Volt has
 * signed, and messages on an attempt that are signed with the key of the runner that started it, under the same id. Until a
 * runner has started it, any key that may serve the repository counts. All other messages change nothing and become dead
 * letters.
 */
export class SenderCheck {
  readonly #context: StageContext & { database: Database };

  constructor(context: StageContext & { database: Database }) {
    this.#context = context;
  }

  /**
   * The sender of a runner's message.
   * @param content the message as received
   * @returns undefined if the message does not count; it is then a dead letter
   */
  async senderOf(message: RunnerResult, content: unknown): Promise<Sender | undefined> {
    const key = signatory('runner result', content);
    const sender = key === undefined ? 'it is not signed, or was changed' : await this.#checked(message, key);
    if (typeof sender !== 'string') return sender;
    await this.refuse(`${attemptName(message)} ${message.kind}`, sender, message.runner.id, content);
    return undefined;
  }

  /** Whether this Volt has signed it; otherwise it becomes a dead letter. */
  async isOwn(message: ResultMessage, content: unknown): Promise<boolean> {
    if (signatory('runner result', content) === this.#context.database.signer.publicKey) return true;
    await this.refuse(`${attemptName(message)} ${message.kind}`, 'only Volt itself may send it', 'unknown', content);
    return false;
  }

  /** Makes a message a dead letter. @param name equal for repetitions of one message */
  async refuse(name: string, why: string, runner: string, content: unknown): Promise<void> {
    const { logger, queues } = this.#context;
    logger.error(`refused a message of a runner: ${why}`, { about: name, runner });
    await queues.setAside(`refused ${name} of ${runner}`, [why, JSON.stringify(content) ?? '']);
  }

  /** @returns the sender, or why the message does not count */
  async #checked(message: RunnerResult, key: string): Promise<Sender | string> {
    const { db } = this.#context.database;
    const { id, name } = message.runner;
    if (!id.startsWith(`${name}~`)) return `a runner named ${name} cannot have the id ${id}`;
    const found = await attemptHolder(db, message, { key, name });
    if (!found) return (await isRunnerKey(db, key)) ? { key, holder: undefined } : unknownKey;
    const { holder, objection } = found;
    if (objection !== undefined) return objection;
    const isFromHolder = holder.key === key && holder.runner === id;
    // an attempt of an older Volt has no key, so its holder is unknown
    const isWithoutKey = holder.key === null && !holder.isRunning;
    if (isFromHolder || isWithoutKey) return { key, holder };
    // a Redis that was emptied may have given it the attempt, too; without this notice it would send results for ever
    const { job, attempt } = message;
    if (holder.runner !== null && id !== holder.runner)
      await notifyRunner(this.#context.access, id as RunnerId, { kind: 'recorded', job, attempt });
    return `runner ${holder.runner} has the attempt`;
  }
}

/** Whether no runner has started the attempt and none can any more, so that nothing of it will ever be recorded. */
export function isUnwanted(holder: Pick<AttemptHolder, 'key' | 'isFree'> | undefined): boolean {
  return holder === undefined || (holder.key === null && !holder.isFree);
}
