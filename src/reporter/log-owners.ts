import { FadingMap } from '../kernel/fading-map.ts';
import { attemptName, type RunnerId } from '../kernel/model.ts';
import type { StageContext } from '../queues/stage.ts';
import type { Record } from '../record/record.ts';
import { logOwner } from '../record/runner-keys.ts';
import { notifyRunner } from '../redis/channels.ts';
import { chunkStatement, type ReceivedChunk } from '../redis/logs.ts';
import { isSigned } from '../secrets/signing.ts';
import { Authority, isVain } from './authority.ts';

/** For how long (ms) it is believed whose log one is, so that not each piece asks the record. A key that was ended is noticed so late. */
const believed = 1000;

/**
 * Whose log it is: that of the runner that has begun the attempt. A piece that the key of that runner has not signed
 * changes nothing and is set aside. The first pieces of a log bring that runner's word of the start along, since nothing
 * says that it comes here sooner by its own way.
 */
export class LogOwners {
  readonly #context: StageContext & { record: Record };
  readonly #authority: Authority;
  readonly #hearClaim: (content: unknown) => Promise<void>;
  readonly #owners = new FadingMap<string, { key: string; at: number }>(believed, 10_000);

  /** @param hearClaim takes a runner's word that it has begun an attempt, as it came */
  constructor(context: StageContext & { record: Record }, hearClaim: (content: unknown) => Promise<void>) {
    this.#context = context;
    this.#authority = new Authority(context);
    this.#hearClaim = hearClaim;
  }

  /** Whether a piece belongs to the log. */
  async admit(piece: ReceivedChunk): Promise<boolean> {
    const key = await this.#keyOf(piece);
    if (key === undefined) return false;
    if (isSigned(key, 'runner log', chunkStatement(piece), piece.signature ?? '')) return true;
    const { data, runner, offset } = piece;
    const name = `log of ${attemptName(piece)} at ${offset}`;
    await this.#authority.refuse(name, 'it is not signed by the runner that has the attempt', runner, data?.toString());
    return false;
  }

  /** Key of the runner that has begun the attempt; undefined where none has, or the key was ended. */
  async #keyOf(piece: ReceivedChunk): Promise<string | undefined> {
    const name = attemptName(piece);
    const known = this.#owners.get(name);
    if (known && performance.now() - known.at < believed) return known.key;
    const { record, access } = this.#context;
    let owner = await logOwner(record.db, piece);
    if (owner?.isFree && piece.claim !== undefined) {
      await this.#hearClaim(parsed(piece.claim));
      owner = await logOwner(record.db, piece);
    }
    if (owner?.key && owner.isGood) {
      this.#owners.set(name, { key: owner.key, at: performance.now() });
      return owner.key;
    }
    // else it would be sent for ever
    const { job, attempt } = piece;
    if (isVain(owner)) await notifyRunner(access, piece.runner as RunnerId, { kind: 'recorded', job, attempt });
    return undefined;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
