import { randomBytes } from 'node:crypto';
import type { ProcessGroup } from '../exec/process-group.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { RunnerId } from '../kernel/model.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { Heart } from '../redis/heart/heart.ts';
import { Lease, sharedLease } from '../redis/heart/lease.ts';
import { SupervisorLines } from '../redis/heart/lines.ts';
import { heartbeatInterval } from '../redis/heartbeat-times.ts';
import type { RunnerMember } from '../redis/membership.ts';
import { every, type Repeating } from '../system/wait.ts';

/** While jobs run the lease is looked at this often (ms), so that a machine that wakes up does not work on for long. */
const leaseCheck = 200;

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
 * Heartbeats, lease and the word of it to the supervisors of process groups are those of a thread (redis/heart/): it goes on while this
 * one is held up, and stops when it has had no sign of it for a minute.
 */
export class Registration {
  readonly #access: RedisAccess;
  readonly #logger: Logger;
  readonly #name: string;
  readonly #orphanTimeout: number;
  readonly #hooks: RegistrationHooks;
  readonly #heart: Heart;
  /** what this thread and the one of the heartbeats share of the lease */
  readonly #renewedAt = sharedLease();
  readonly #lines = new SupervisorLines();
  #id: RunnerId;
  #lease: Lease | undefined;
  #left = false;
  /** by the clock that stands still in a suspend: after a long sleep there is no hurry to give up */
  #lastWord = performance.now();
  #watching: Repeating | undefined;
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
    this.#id = this.#newId();
    this.#heart = new Heart(access.url, {
      sign: () => this.#sign(),
      heard: () => this.#heard(),
      lease: {
        renewedAt: this.#renewedAt,
        lines: this.#lines,
        joined: (id) => this.#join(id),
        // this thread may have seen it for itself, and offer another id already
        lost: (id) => id === this.#id && this.#lose(),
      },
    });
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
    await this.#heart.start();
    this.#watching = every(
      heartbeatInterval,
      async () => {
        this.#checkLease();
        this.#giveUpWhenOrphaned();
      },
      (error) => this.#logger.error(`heartbeat: ${errorText(error)}`),
    );
  }

  /**
   * A job has begun: sends a heartbeat without waiting for the next, and looks after the lease while any runs.
   * @returns whether the process group's supervisor is told from now on how long the lease holds
   */
  begun(processes: ProcessGroup): boolean {
    this.now();
    this.#checking ??= setInterval(() => {
      this.#checkLease();
      if (this.#hooks.isAtWork()) return;
      clearInterval(this.#checking);
      this.#checking = undefined;
    }, leaseCheck);
    const forget = processes.line && this.#lines.add(processes.line);
    if (forget) void processes.ended.then(forget);
    return forget !== undefined;
  }

  /** Sends a heartbeat without waiting for the next. */
  now(): void {
    this.#heart.now();
  }

  async leave(): Promise<void> {
    this.#left = true;
    clearInterval(this.#checking);
    await this.#watching?.stop();
    await this.#heart.leave();
  }

  #sign() {
    const { keys } = this.#access;
    const id = this.#id;
    const text = JSON.stringify({ ...this.#hooks.describe(), id });
    return { id, key: keys.member('runner', id), set: keys.members('runner'), text };
  }

  #heard(): void {
    this.#lastWord = performance.now();
    this.#hooks.heard();
    if (this.#lease?.valid) this.#hooks.renewed();
  }

  #join(id: string): void {
    if (id !== this.#id || this.#left || this.#lease) return;
    const lease = new Lease(undefined, this.#renewedAt);
    if (!lease.valid) return;
    this.#lease = lease;
    this.#hooks.joined(this.#id);
  }

  #checkLease(): void {
    if (this.#lease && !this.#lease.valid) this.#lose();
  }

  /** Goes on under another id. */
  #lose(): void {
    if (this.#left) return;
    const former = this.#id;
    const hadJoined = this.#lease !== undefined;
    this.#lease = undefined;
    this.#id = this.#newId();
    if (hadJoined) this.#hooks.lost(former);
    this.now();
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
