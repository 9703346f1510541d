import { randomBytes } from 'node:crypto';
import type { Keeper } from '../engine/keeper/keeper.ts';
import type { ProcessGroup } from '../exec/process-group.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { RunnerId } from '../kernel/model.ts';
import type { RedisAccess } from '../redis/connect.ts';
import { HeartbeatSender } from '../redis/heartbeat/heartbeat-sender.ts';
import { Lease, sharedLease } from '../redis/heartbeat/lease.ts';
import { SupervisorLines } from '../redis/heartbeat/supervisor-lines.ts';
import { heartbeatInterval } from '../redis/heartbeat-times.ts';
import type { RunnerMember } from '../redis/membership.ts';
import { every, type Repeating } from '../system/wait.ts';

/**
 * Milliseconds between two checks of the lease while jobs run: a machine that wakes up must notice soon that the lease
 * is over.
 */
const leaseCheck = 200;

export interface RegistrationHooks {
  /** the content of a heartbeat */
  describe(): Omit<RunnerMember, 'id' | 'heartbeatAt'>;
  /** whether any job runs */
  isAtWork(): boolean;
  /** Redis has confirmed a heartbeat */
  heard(): void;
  /** Redis has confirmed a new id: jobs may be taken with it */
  joined(id: RunnerId): void;
  /** the lease was renewed */
  renewed(): void;
  /** the lease has run out: other runners may have the jobs that were taken with the id */
  lost(id: RunnerId): void;
  /** Redis has not answered for too long */
  orphaned(error: VoltError): void;
}

/**
 * A runner's id, and the lease on the jobs that it has taken with it. States:
 * - `joining`: there is no lease, and no job may run. Each heartbeat offers the id. → (Redis confirms one) `joined`
 * - `joined`: each heartbeat that Redis confirms, however late, renews the lease from when it was sent. If Redis is
 *   down for everybody, the heartbeat renews it as well: nobody else can take a job then. → (the lease runs out: the
 *   runner was cut off, frozen or asleep) `joining` with a new id. To all others that is a new runner, whether or not
 *   it had jobs.
 * - `left`: after `leave`.
 * A runner that is joining or joined ends when Redis has not confirmed anything for longer than the orphan timeout. A
 * thread (redis/heartbeat/) sends the heartbeats, keeps the lease and tells the supervisors of the process groups. It goes
 * on while the main thread is busy, and stops when the main thread is silent for a minute.
 */
export class Registration {
  readonly #access: RedisAccess;
  readonly #logger: Logger;
  readonly #name: string;
  readonly #orphanTimeout: number;
  readonly #hooks: RegistrationHooks;
  readonly #heartbeat: HeartbeatSender;
  /** the end of the lease, shared with the thread that sends the heartbeats */
  readonly #renewedAt = sharedLease();
  readonly #lines = new SupervisorLines();
  #id: RunnerId;
  #lease: Lease | undefined;
  #left = false;
  /** by the clock that stops while the machine is suspended: after a long sleep the runner waits for Redis again */
  #lastWord = performance.now();
  #watching: Repeating | undefined;
  #checking: NodeJS.Timeout | undefined;

  /**
   * @param name of the runner; its ids begin with it
   * @param orphanTimeout milliseconds
   */
  constructor(access: RedisAccess, logger: Logger, name: string, orphanTimeout: number, hooks: RegistrationHooks) {
    this.#access = access;
    this.#logger = logger;
    this.#name = name;
    this.#orphanTimeout = orphanTimeout;
    this.#hooks = hooks;
    this.#id = this.#newId();
    this.#heartbeat = new HeartbeatSender(access.url, {
      sign: () => this.#sign(),
      heard: () => this.#heard(),
      lease: {
        renewedAt: this.#renewedAt,
        lines: this.#lines,
        joined: (id) => this.#join(id),
        // this thread may have noticed before, and offer another id already
        lost: (id) => id === this.#id && this.#lose(),
      },
    });
  }

  /** The present id; while joining, the one that is offered. */
  get id(): RunnerId {
    return this.#id;
  }

  /** Milliseconds until the lease ends, 0 if there is none. */
  get leaseLeft(): number {
    return this.#lease?.left ?? 0;
  }

  /** Joins and keeps the lease; resolves after the first try. */
  async start(): Promise<void> {
    await this.#heartbeat.start();
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
   * A job has begun: sends a heartbeat at once, and checks the lease often while any job runs.
   * @returns whether the thread tells the supervisor of the process group how long the lease lasts
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

  /**
   * The thread tells the process that ends containers how long the lease lasts.
   * @returns false where it cannot
   */
  renew({ descriptor, ended }: Pick<Keeper, 'descriptor' | 'ended'>): boolean {
    // others must know the process before the first container
    this.now();
    const forget = descriptor === undefined ? undefined : this.#lines.add({ fd: descriptor });
    if (forget) void ended.then(forget);
    return forget !== undefined;
  }

  /** Sends a heartbeat at once. */
  now(): void {
    this.#heartbeat.now();
  }

  async leave(): Promise<void> {
    this.#left = true;
    clearInterval(this.#checking);
    await this.#watching?.stop();
    await this.#heartbeat.leave();
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
