import type { Logger } from '../kernel/logger.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { type RunnerAdmission, readAdmission } from '../redis/runner-keys.ts';
import type { RunnerKey } from '../secrets/runner-key.ts';

/**
 * Whether this Volt knows the runner's key, so that it accepts what the runner says. States:
 * - `unknown`: no jobs are taken. → (a stage of the database lists the key as valid) `known`
 * - `known`: jobs are taken. → (a person has removed the key) `unknown`
 * A Redis that was emptied says nothing about keys; then the state stays.
 */
export class Admission {
  readonly #access: RedisAccess;
  readonly #logger: Logger;
  readonly #key: RunnerKey;
  readonly #changed: () => void;
  #admission: RunnerAdmission | undefined;
  #warned = false;

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

  /** Patterns of the repositories that the key is valid for. */
  get repos(): string[] {
    return this.#admission?.repos ?? [];
  }

  /** Why no jobs are taken, for people; undefined if they are. */
  get problem(): string | undefined {
    if (this.isKnown) return undefined;
    return `this Volt does not know its key (${this.#key.signer.publicKey})`;
  }

  /** Reads from Redis whether the key is valid. If Redis cannot be read, nothing changes. */
  async check(): Promise<void> {
    const before = JSON.stringify([this.isKnown, this.repos]);
    try {
      const found = await readAdmission(this.#access, this.#key.signer.publicKey);
      if (found !== undefined) this.#admission = found ?? undefined;
    } catch {
      return;
    }
    if (JSON.stringify([this.isKnown, this.repos]) !== before) this.#changed();
    if (!this.isKnown && !this.#warned)
      this.#logger.warn(`takes no jobs: ${this.problem}`, { remedy: admissionRemedy });
    this.#warned = !this.isKnown;
  }
}

export const admissionRemedy =
  'On the machine of the database, run `volt runner-key add NAME`: it prints how to start the runner. A runner that shares the data directory of the dispatcher is known automatically; after `volt runner-key rm`, add its key again by `volt runner-key add NAME --public-key KEY`.';
