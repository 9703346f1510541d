import { FadingMap } from '../kernel/fading-map.ts';
import { attemptName, type RunnerId } from '../kernel/model.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import { type LogOwner, logOwner } from '../record/runner-keys.ts';
import { notifyRunner } from '../redis/channels.ts';
import { chunkStatement, type ReceivedChunk } from '../redis/logs.ts';
import { isSigned } from '../secrets/signing.ts';
import { isUnwanted, SenderCheck } from './sender-check.ts';

/** For how long (ms) it is believed whose log one is, so that not each piece asks the record. A key that was ended is noticed so late. */
const believed = 1000;

/**
 * Whose log it is: that of the runner that has begun the attempt, under the id by which it has; once the attempt is over, also
 * that of a later process of its name, which sends what an earlier one has left. A piece that is not signed with its key
 * changes nothing and is set aside. Another runner may have been given the attempt, too, by a Redis that had forgotten who
 * has it: it is told that nothing of that is wanted. The first pieces of a log bring that runner's word of the start along, since nothing
 * says that it comes here sooner by its own way.
 */
export class LogOwners {
  readonly #context: StageContext & { database: Database };
  readonly #authority: SenderCheck;
  readonly #hearClaim: (content: unknown) => Promise<void>;
  readonly #owners = new FadingMap<string, { owner: LogOwner; at: number }>(believed, 10_000);

  /** @param hearClaim takes a runner's word that it has begun an attempt, as it came */
  constructor(context: StageContext & { database: Database }, hearClaim: (content: unknown) => Promise<void>) {
    this.#context = context;
    this.#authority = new SenderCheck(context);
    this.#hearClaim = hearClaim;
  }

  /** Whether a piece belongs to the log. */
  async admit(piece: ReceivedChunk): Promise<boolean> {
    const owner = await this.#ownerOf(piece);
    const { data, runner, offset } = piece;
    // else it would be sent for ever
    if (isUnwanted(owner) || belongsToAnother(owner, runner)) await this.#decline(piece);
    if (!owner?.key || !owner.isGood) return false;
    const isSignedByIt = isSigned(owner.key, 'runner log', chunkStatement(piece), piece.signature ?? '');
    // an earlier process of that name is still said to run it: what it has left waits until that is known to be over
    if (isSignedByIt) return !belongsToAnother(owner, runner) && (owner.runner === runner || !owner.isRunning);
    const name = `log of ${attemptName(piece)} at ${offset}`;
    await this.#authority.refuse(name, 'it is not signed by the runner that has the attempt', runner, data?.toString());
    return false;
  }

  async #ownerOf(piece: ReceivedChunk): Promise<LogOwner | undefined> {
    const name = attemptName(piece);
    const known = this.#owners.get(name);
    if (known && performance.now() - known.at < believed) return known.owner;
    const { db } = this.#context.database;
    let owner = await logOwner(db, piece);
    if (owner?.isFree && piece.claim !== undefined) {
      await this.#hearClaim(parsed(piece.claim));
      owner = await logOwner(db, piece);
    }
    if (owner?.key && owner.isGood) this.#owners.set(name, { owner, at: performance.now() });
    return owner;
  }

  /** Nothing of it is wanted. Only a copy of an attempt that is not the runner's goes by it, whoever has sent the piece. */
  async #decline({ job, attempt, runner }: ReceivedChunk): Promise<void> {
    await notifyRunner(this.#context.access, runner as RunnerId, { kind: 'recorded', job, attempt });
  }
}

/** Whether a runner of another name has begun the attempt. */
function belongsToAnother(owner: LogOwner | undefined, runner: string): boolean {
  return typeof owner?.runner === 'string' && nameIn(owner.runner) !== nameIn(runner);
}

/** An id is a name and an epoch. */
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
