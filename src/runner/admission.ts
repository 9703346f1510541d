import type { Logger } from '../kernel/logger.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { type RunnerAdmission, readRunnerRules } from '../redis/runner-rules.ts';
import type { RunnerKey } from '../secrets/runner-key.ts';

/**
 * Whether this Volt lets the runner take jobs. States:
 * - `unknown`: no jobs are taken. → (a stage of the database lists the key as valid) `known`
 * - `known`: jobs are taken unless a person has drained the runner. → (a person has removed the key) `unknown`
 * A Redis that was emptied says nothing about runners; then everything stays. A runner that starts meanwhile is unknown, so
 * it takes no job before it has heard whether it is drained.
 */
export class Admission {
  readonly #access: RedisAccess;
  readonly #logger: Logger;
  readonly #key: RunnerKey;
  readonly #runner: string;
  readonly #changed: () => void;
  #admission: RunnerAdmission | undefined;
  #isDrained = false;
  #warned = false;

  /**
   * @param runner its name
   * @param changed is called when the state has changed
   */
  constructor(access: RedisAccess, logger: Logger, key: RunnerKey, runner: string, changed: () => void) {
    this.#access = access;
    this.#logger = logger;
    this.#key = key;
    this.#runner = runner;
    this.#changed = changed;
  }

  /** Whether the key is known, so that Volt accepts what the runner says. */
  get isKnown(): boolean {
    return this.#admission !== undefined && this.#key.voltKey() !== undefined;
  }

  /** Whether a person has drained the runner. */
  get isDrained(): boolean {
    return this.#isDrained;
  }

  /** Patterns of the repositories that the key is valid for. */
  get repos(): string[] {
    return this.#admission?.repos ?? [];
  }

  /** Why the key is not known, for people; undefined if it is. */
  get problem(): string | undefined {
    if (this.isKnown) return undefined;
    return `this Volt does not know its key (${this.#key.signer.publicKey})`;
  }

  /** Reads the rules from Redis. If it cannot be read, nothing changes. */
  async check(): Promise<void> {
    const state = () => JSON.stringify([this.isKnown, this.repos, this.#isDrained]);
    const before = state();
    const wasDrained = this.#isDrained;
    try {
      const found = await readRunnerRules(this.#access, this.#key.signer.publicKey, this.#runner);
      if (found !== undefined) {
        this.#admission = found.admission ?? undefined;
        this.#isDrained = found.isDrained;
      }
    } catch {
      return;
    }
    if (state() !== before) this.#changed();
    if (this.#isDrained !== wasDrained)
      this.#logger.info(this.#isDrained ? 'takes no more jobs: a person has drained it' : 'takes jobs again: resumed');
    if (!this.isKnown && !this.#warned)
      this.#logger.warn(`takes no jobs: ${this.problem}`, { remedy: admissionRemedy });
    this.#warned = !this.isKnown;
  }
}

export const admissionRemedy =
  'On the machine of the database, run `volt runner-key add NAME`: it prints how to start the runner. A runner that shares the data directory of the dispatcher is known automatically; after `volt runner-key rm`, add its key again by `volt runner-key add NAME --public-key KEY`.';
