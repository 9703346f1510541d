import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type Moment, moment } from '../kernel/clock.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { RunnerId } from '../kernel/model.ts';
import { every, type Repeating, within } from '../kernel/wait.ts';
import type { RedisAccess, RedisConnection } from '../redis/connect.ts';
import { beat, heartbeatInterval, leave, type RunnerMember } from '../redis/membership.ts';
import { isAwayForAll } from '../redis/outage.ts';
import { Lease } from './lease.ts';

/** While jobs run the lease is looked at this often (ms), so that a machine that wakes up does not work on for long. */
const leaseCheck = 200;
/** How long (ms) the first heartbeat waits for its connection. */
const connectPatience = 5000;
/** How long (ms) a runner that stops tries to take itself off the list; its heartbeat key goes by itself. */
const leavePatience = 500;

export interface RegistrationHooks {
  /** what the runner says of itself in a heartbeat */
  describe(): Omit<RunnerMember, 'id' | 'heartbeatAt'>;
  /** whether any job runs */
  isAtWork(): boolean;
  /** Redis has confirmed a heartbeat */
  heard(): void;
  /** Redis has confirmed a new id: jobs may be taken under it */
  joined(id: RunnerId): void;
  /** the lease holds for longer now */
  renewed(): void;
  /** the lease ran out: others may have the jobs that were taken under the id */
  lost(id: RunnerId): void;
  /** nothing was heard of Redis for too long */
  orphaned(error: VoltError): void;
}

/**
 * A runner's place in the fleet: its id, and the lease on the jobs that it has taken under it. States:
 * - `joining`: there is no lease, and no job may run. Each heartbeat offers the id. → (Redis confirms one) `joined`.
 * - `joined`: each heartbeat that Redis confirms, however late, renews the lease from when it was sent; one that cannot
 *   be confirmed because Redis is away for everybody renews it as well, since nobody else can take a job then.
 *   → (the lease runs out: cut off, frozen, asleep) `joining` under a new id, that is a new epoch: to everybody else it
 *   is somebody new, whether or not it had jobs.
 * - `left`: after `leave`.
 * While joining or joined, a time without any confirmation that is longer than the orphan timeout ends the runner.
 */
export class Registration {
  readonly #access: RedisAccess;
  readonly #logger: Logger;
  readonly #name: string;
  readonly #orphanTimeout: number;
  readonly #hooks: RegistrationHooks;
  readonly #heartbeat: RedisConnection;
  #id: RunnerId;
  #lease: Lease | undefined;
  #left = false;
  /** by the clock that stands still in a suspend: after a long sleep there is no hurry to give up */
  #lastWord = performance.now();
  #beating: Repeating | undefined;
  #checking: NodeJS.Timeout | undefined;

  /**
   * @param name of the runner, which its ids begin with
   * @param orphanTimeout milliseconds
   */
  constructor(access: RedisAccess, logger: Logger, name: string, orphanTimeout: number, hooks: RegistrationHooks) {
    this.#access = access;
    this.#logger = logger;
    this.#name = name;
    this.#orphanTimeout = orphanTimeout;
    this.#hooks = hooks;
    this.#heartbeat = access.openImpatient(`heartbeat ${name}`);
    this.#id = this.#newId();
  }

  /** The present id; the one that is offered while joining. */
  get id(): RunnerId {
    return this.#id;
  }

  /** Milliseconds for which the lease holds still, 0 when there is none. */
  get leaseLeft(): number {
    return this.#lease?.left ?? 0;
  }

  /** Joins, and keeps the lease from then on; resolves after the first try. */
  async start(): Promise<void> {
    if (this.#heartbeat.status !== 'ready') await within(once(this.#heartbeat, 'ready'), connectPatience);
    await this.#beat();
    this.#beating = every(
      heartbeatInterval,
      () => this.#beat(),
      (error) => this.#logger.error(`heartbeat: ${errorText(error)}`),
    );
  }

  /** A job has begun: sends a heartbeat without waiting for the next, and looks after the lease while any runs. */
  begun(): void {
    this.now();
    this.#checking ??= setInterval(() => {
      this.#checkLease();
      if (this.#hooks.isAtWork()) return;
      clearInterval(this.#checking);
      this.#checking = undefined;
    }, leaseCheck);
  }

  /** Sends a heartbeat without waiting for the next. */
  now(): void {
    this.#beating?.now();
  }

  async leave(): Promise<void> {
    this.#left = true;
    clearInterval(this.#checking);
    await this.#beating?.stop();
    const told = leave({ client: this.#heartbeat, keys: this.#access.keys }, 'runner', this.#id);
    await within(
      told.catch(() => undefined),
      leavePatience,
    );
    this.#heartbeat.disconnect();
  }

  async #beat(): Promise<void> {
    // before anything is told: a heartbeat that claims attempts whose processes are dead would only hold up the next one
    this.#checkLease();
    const sentAt = moment();
    const id = this.#id;
    const confirmed = await within(this.#tell(id, sentAt), heartbeatInterval);
    if (!confirmed && this.#lease && (await isAwayForAll(this.#access.url))) this.#renew(id, sentAt);
    this.#checkLease();
    this.#giveUpWhenOrphaned();
  }

  /** @returns whether Redis has confirmed the heartbeat; a confirmation that nobody waits for any more counts as well */
  async #tell(id: RunnerId, sentAt: Moment): Promise<boolean> {
    try {
      const heartbeatAt = new Date().toISOString();
      const member = { ...this.#hooks.describe(), id, heartbeatAt };
      await beat({ client: this.#heartbeat, keys: this.#access.keys }, 'runner', member);
    } catch {
      // the connection says for itself when the server is away
      return false;
    }
    this.#lastWord = performance.now();
    this.#hooks.heard();
    if (this.#lease) this.#renew(id, sentAt);
    else if (id === this.#id && !this.#left) this.#join(new Lease(sentAt));
    return true;
  }

  #join(lease: Lease): void {
    // it was confirmed so late that it proves nothing any more
    if (!lease.valid) return;
    this.#lease = lease;
    this.#hooks.joined(this.#id);
  }

  /** A lease that has run out cannot be brought back to life. */
  #renew(id: RunnerId, sentAt: Moment): void {
    if (id !== this.#id || !this.#lease?.valid) return;
    this.#lease.renew(sentAt);
    this.#hooks.renewed();
  }

  #checkLease(): void {
    if (!this.#lease || this.#lease.valid || this.#left) return;
    const former = this.#id;
    this.#lease = undefined;
    this.#id = this.#newId();
    this.#hooks.lost(former);
  }

  #giveUpWhenOrphaned(): void {
    const silence = performance.now() - this.#lastWord;
    if (silence < this.#orphanTimeout) return;
    this.#hooks.orphaned(
      new VoltError('orphaned', `Redis has been away for ${Math.round(silence / 1000)} s; all jobs were ended`, {
        remedy:
          'Start the runner again when Redis is back; --orphan-timeout or VOLT_ORPHAN_TIMEOUT says how long it waits.',
      }),
    );
  }

  #newId(): RunnerId {
    return `${this.#name}~${Date.now().toString(36)}${randomBytes(2).toString('hex')}` as RunnerId;
  }
}
