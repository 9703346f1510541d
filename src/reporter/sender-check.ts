import { attemptName, type RunnerId } from '../kernel/model.ts';
import type { ResultMessage } from '../queues/messages.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { type AttemptHolder, attemptHolder, isRunnerKey, unknownKey } from '../record/runner-keys.ts';
import { notifyRunner } from '../redis/channels.ts';
import { signatory } from '../secrets/signed-message.ts';

type RunnerResult = Exclude<ResultMessage, { kind: 'decided' }>;

/** Of whom a word is: the key that it is signed with, and the attempt's holder so far; that is undefined where the attempt is gone. */
export interface Sender {
  key: string;
  holder: AttemptHolder | undefined;
}

/**
 * Decides whose word counts. Whoever can write to Redis can send anything: what is taken in is what this Volt has signed
 * itself, and of an attempt what is signed with the key of the runner that has begun it, under the id by which that has
 * done so. While none has begun it, the holder of any key may who is good for its repository. Everything else changes
 * nothing, and is set aside where people see it.
 */
export class SenderCheck {
  readonly #context: StageContext & { database: Database };

  constructor(context: StageContext & { database: Database }) {
    this.#context = context;
  }

  /**
   * @param content the message as it came
   * @returns undefined where the message does not count; it is set aside then
   */
  async ofRunner(message: RunnerResult, content: unknown): Promise<Sender | undefined> {
    const key = signatory('runner result', content);
    const heard = key === undefined ? 'it is not signed, or has been changed' : await this.#speaker(message, key);
    if (typeof heard !== 'string') return heard;
    await this.refuse(`${attemptName(message)} ${message.kind}`, heard, message.runner.id, content);
    return undefined;
  }

  /** Whether this Volt has signed it; what it has not is set aside. */
  async isOurs(message: ResultMessage, content: unknown): Promise<boolean> {
    if (signatory('runner result', content) === this.#context.database.signer.publicKey) return true;
    await this.refuse(`${attemptName(message)} ${message.kind}`, 'only Volt itself decides', 'unknown', content);
    return false;
  }

  /** Keeps what does not count where people see it. @param name the same for the same thing */
  async refuse(name: string, why: string, runner: string, content: unknown): Promise<void> {
    const { logger, queues } = this.#context;
    logger.error(`refused what a runner says: ${why}`, { about: name, runner });
    await queues.setAside(`refused ${name} of ${runner}`, [why, JSON.stringify(content) ?? '']);
  }

  async #speaker(message: RunnerResult, key: string): Promise<Sender | string> {
    const { db } = this.#context.database;
    const { id, name } = message.runner;
    if (!id.startsWith(`${name}~`)) return `a runner named ${name} cannot have the id ${id}`;
    const found = await attemptHolder(db, message, { key, name });
    if (!found) return (await isRunnerKey(db, key)) ? { key, holder: undefined } : unknownKey;
    const { holder, objection } = found;
    if (objection !== undefined) return objection;
    const isHolders = holder.key === key && holder.runner === id;
    // an attempt of an older Volt runs under no key: nobody can be known to have it
    const isNobodys = holder.key === null && !holder.isRunning;
    if (isHolders || isNobodys) return { key, holder };
    // it may have been given the attempt, too, by a Redis that had forgotten who has it, and would tell of it for ever
    const { job, attempt } = message;
    if (holder.runner !== null && id !== holder.runner)
      await notifyRunner(this.#context.access, id as RunnerId, { kind: 'recorded', job, attempt });
    return `runner ${holder.runner} has the attempt`;
  }
}

/** Whether nobody has begun the attempt, and nobody can any more: nothing of it will ever be recorded. */
export function isUnwanted(holder: Pick<AttemptHolder, 'key' | 'isFree'> | undefined): boolean {
  return holder === undefined || (holder.key === null && !holder.isFree);
}
