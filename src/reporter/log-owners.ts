import { FadingMap } from '../kernel/fading-map.ts';
import { attemptName, type RunnerId } from '../kernel/model.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { type LogOwner, logOwner } from '../record/runner-keys.ts';
import { notifyRunner } from '../redis/channels.ts';
import { chunkStatement, type ReceivedChunk } from '../redis/logs.ts';
import { isSigned } from '../secrets/signing.ts';
import { isUnwanted, SenderCheck } from './sender-check.ts';

/** Milliseconds for which the owner of a log is cached. A revoked key is noticed this late. */
const cacheTime = 1000;

/**
 * Decides whether a chunk belongs to the log of an attempt. The log belongs to the runner that started the attempt, under the same
 * id; after the attempt also to a later process of the same name, which sends what an earlier process left. A chunk that is
 * not signed with the runner's key becomes a dead letter. Another runner that got the attempt from an emptied Redis is
 * notified that its log is not wanted. The first chunks carry the runner's claim of the start, which may arrive later
 * through its own queue.
 */
export class LogOwners {
  readonly #context: StageContext & { database: Database };
  readonly #senders: SenderCheck;
  readonly #receiveClaim: (content: unknown) => Promise<void>;
  readonly #owners = new FadingMap<string, { owner: LogOwner; at: number }>(cacheTime, 10_000);

  /** @param receiveClaim handles a runner's claim that it has started an attempt, as received */
  constructor(context: StageContext & { database: Database }, receiveClaim: (content: unknown) => Promise<void>) {
    this.#context = context;
    this.#senders = new SenderCheck(context);
    this.#receiveClaim = receiveClaim;
  }

  /** Whether a chunk belongs to the log. */
  async admit(piece: ReceivedChunk): Promise<boolean> {
    const owner = await this.#ownerOf(piece);
    const { data, runner, offset } = piece;
    // otherwise the runner would send it for ever
    if (isUnwanted(owner) || belongsToAnother(owner, runner)) await this.#decline(piece);
    if (!owner?.key || !owner.isGood) return false;
    const isSignedByIt = isSigned(owner.key, 'runner log', chunkStatement(piece), piece.signature ?? '');
    // while the database says that an earlier process of that name runs the attempt, its spool waits
    if (isSignedByIt) return !belongsToAnother(owner, runner) && (owner.runner === runner || !owner.isRunning);
    const name = `log of ${attemptName(piece)} at ${offset}`;
    await this.#senders.refuse(name, 'it is not signed by the runner that has the attempt', runner, data?.toString());
    return false;
  }

  async #ownerOf(piece: ReceivedChunk): Promise<LogOwner | undefined> {
    const name = attemptName(piece);
    const known = this.#owners.get(name);
    if (known && performance.now() - known.at < cacheTime) return known.owner;
    const { db } = this.#context.database;
    let owner = await logOwner(db, piece);
    if (owner?.isFree && piece.claim !== undefined) {
      await this.#receiveClaim(parsed(piece.claim));
      owner = await logOwner(db, piece);
    }
    if (owner?.key && owner.isGood) this.#owners.set(name, { owner, at: performance.now() });
    return owner;
  }

  /**
   * Tells the named runner that the log is not wanted, even if another runner sent the chunk: the runner drops only attempts that
   * it does not hold.
   */
  async #decline({ job, attempt, runner }: ReceivedChunk): Promise<void> {
    await notifyRunner(this.#context.access, runner as RunnerId, { kind: 'recorded', job, attempt });
  }
}

/** Whether a runner of another name has begun the attempt. */
function belongsToAnother(owner: LogOwner | undefined, runner: string): boolean {
  return typeof owner?.runner === 'string' && nameIn(owner.runner) !== nameIn(runner);
}

/** The name in an id, which is name~epoch. */
function nameIn(id: string): string {
  return id.slice(0, id.lastIndexOf('~'));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
