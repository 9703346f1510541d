import type { Logger } from '../kernel/logger.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { type RunnerAdmission, readAdmission } from '../redis/runner-keys.ts';
import type { RunnerKey } from '../secrets/runner-key.ts';

/**
 * Whether this Volt knows the runner's key, so that what it says will count. States: `unknown` → (a stage of the record has
 * the key among those that are good for something) `known` → (a person has ended the key) `unknown`. While a Redis that was
 * emptied says nothing of any key, it stays as it was.
 */
export class Admission {
  readonly #access: RedisAccess;
  readonly #logger: Logger;
  readonly #key: RunnerKey;
  readonly #changed: () => void;
  #admission: RunnerAdmission | undefined;
  #said = false;

  /** @param changed is called when the state has changed */
  constructor(access: RedisAccess, logger: Logger, key: RunnerKey, changed: () => void) {
    this.#access = access;
    this.#logger = logger;
    this.#key = key;
    this.#changed = changed;
  }

  /** Whether jobs may be taken. */
  get isKnown(): boolean {
    return this.#admission !== undefined && this.#key.voltKey() !== undefined;
  }

  /** Patterns of the repositories that the key is good for. */
  get repos(): string[] {
    return this.#admission?.repos ?? [];
  }

  /** Why not, for people; undefined where they may. */
  get problem(): string | undefined {
    if (this.isKnown) return undefined;
    return `this Volt does not know its key (${this.#key.signer.publicKey})`;
  }

  /** Asks what is said of the key now; where that cannot be asked, nothing changes. */
  async look(): Promise<void> {
    const before = JSON.stringify([this.isKnown, this.repos]);
    try {
      const found = await readAdmission(this.#access, this.#key.signer.publicKey);
      if (found !== undefined) this.#admission = found ?? undefined;
    } catch {
      return;
    }
    if (JSON.stringify([this.isKnown, this.repos]) !== before) this.#changed();
    if (!this.isKnown && !this.#said) this.#logger.warn(`takes no jobs: ${this.problem}`, { remedy: admissionRemedy });
    this.#said = !this.isKnown;
  }
}

export const admissionRemedy =
  'On the machine of the record: `volt runner-key add NAME` prints what the runner is to be started with. A runner that shares the data directory of the dispatcher is known by itself; once a person has ended such a key, only by `volt runner-key add NAME --public-key KEY`.';
