import { randomBytes } from 'node:crypto';
import { loadavg } from 'node:os';
import { errorText, VoltError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { RunnerId } from '../kernel/model.ts';
import { version } from '../kernel/version.ts';
import { every, type Repeating, within } from '../kernel/wait.ts';
import { SlotWorker } from '../queues/slots.ts';
import type { StageContext } from '../queues/stage.ts';
import { listen, newQueueSchema, runnerNoticeSchema } from '../redis/channels.ts';
import type { RedisConnection } from '../redis/connect.ts';
import { beat, heartbeatInterval, leave } from '../redis/membership.ts';
import { identify, ownProcess } from '../redis/process.ts';
import { parseRedisUrl } from '../redis/url.ts';
import { VitalSigns } from '../redis/vitals.ts';
import { Executions } from './executions.ts';
import { Lease, refusesConnections } from './lease.ts';
import type { WorkFolder } from './work-folder.ts';

export interface RunnerSettings {
  labels: readonly string[];
  slots: number;
  /** how long (ms) attempts under way may go on when the runner is stopped */
  grace: number;
}

/** How long (ms) a runner that stops waits until what it has finished is recorded; then it waits on the disk. */
const lastWords = 1000;

/**
 * A runner's registration. Its states:
 * `serving` → (a stop) `draining` → (all attempts ended or given back) `closed`;
 * `serving` → (the lease runs out) all attempts are lost, and it serves again under a new epoch, as somebody else to
 * everybody, but still reports what the former epochs have finished.
 */
export class Runner {
  readonly name: string;
  readonly #context: StageContext;
  readonly #settings: RunnerSettings;
  readonly #logger: Logger;
  readonly #folder: WorkFolder;
  readonly #executions: Executions;
  readonly #heartbeat: RedisConnection;
  readonly #startedAt = new Date().toISOString();
  readonly #signs: VitalSigns;
  readonly #unlisten: (() => Promise<void>)[] = [];
  #id: RunnerId;
  #lease = new Lease();
  #slots: SlotWorker | undefined;
  #beating: Repeating | undefined;
  #draining = false;
  #lastWord = performance.now();
  #fail: (error: VoltError) => void = () => {};
  /** Resolves when the runner has to give up. */
  readonly failed = new Promise<VoltError>((resolve) => {
    this.#fail = resolve;
  });

  constructor(context: StageContext, settings: RunnerSettings, folder: WorkFolder) {
    this.#context = context;
    this.#settings = settings;
    this.#folder = folder;
    this.#logger = context.logger.child({ stage: 'runner', runner: folder.name });
    this.#signs = new VitalSigns('runner', context.config);
    this.name = folder.name;
    this.#heartbeat = context.access.openImpatient(`heartbeat ${folder.name}`);
    this.#id = this.#newId();
    this.#executions = new Executions(context, this.#logger, folder, {
      leaseValid: () => this.#lease.valid,
      scopeOpened: () => this.#beating?.now(),
    });
  }

  get id(): RunnerId {
    return this.#id;
  }

  async start(): Promise<void> {
    const { access } = this.#context;
    const { newQueue } = access.keys;
    this.#unlisten.push(await listen(access, newQueue, newQueueSchema, this.#logger, () => this.#slots?.look()));
    // before the first job: what lies on the disk is of earlier attempts only
    for (const former of await this.#executions.resume(this.#id)) await this.#answerTo(former);
    await this.#enter();
    this.#beating = every(
      heartbeatInterval,
      () => this.#beat(),
      (error) => this.#logger.error(`heartbeat: ${errorText(error)}`),
    );
  }

  /** Takes no more jobs; resolves when those under way have ended, or were given back after the grace time. */
  async stop(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    await this.#slots?.stopFetching();
    const late = setTimeout(() => this.handBack(), this.#settings.grace);
    await this.#slots?.close();
    clearTimeout(late);
    await within(this.#executions.allReported(), lastWords);
    await this.#beating?.stop();
    await leave(this.#context.access, 'runner', this.#id).catch(() => undefined);
    await this.#executions.close();
    for (const unlisten of this.#unlisten) await unlisten();
    this.#heartbeat.disconnect();
    this.#folder.release();
  }

  /** Gives back everything under way at once. */
  handBack(): void {
    this.#executions.giveBackAll();
  }

  /** Registers under a new epoch and begins to fetch. */
  async #enter(): Promise<void> {
    const id = this.#id;
    await this.#answerTo(id);
    await this.#beat();
    const { labels, slots } = this.#settings;
    this.#slots = new SlotWorker(this.#context.access, {
      runner: id,
      slots,
      labels,
      logger: this.#logger,
      ready: () => this.#lease.valid && !this.#draining && this.#id === id,
      run: (message) => this.#executions.execute(message, id),
      refuse: (attempt, why) => this.#executions.refuse(attempt, why, id),
    });
  }

  /** Listens to what is sent to the runner with that id. */
  async #answerTo(id: RunnerId): Promise<void> {
    const { access } = this.#context;
    const heard = await listen(access, access.keys.toRunner(id), runnerNoticeSchema, this.#logger, (notice) =>
      this.#executions.hear(notice),
    );
    this.#unlisten.push(heard);
  }

  /** One heartbeat: renews the lease if Redis confirms it, or if Redis is down for everybody; else the lease runs on. */
  async #beat(): Promise<void> {
    // before anything is told: a heartbeat that claims attempts whose processes are dead would only hold up the next one
    if (this.#hasLostLease) await this.#fence();
    const sentAt = performance.now();
    const confirmed = await within(this.#register(), heartbeatInterval);
    if (confirmed) this.#lastWord = performance.now();
    if (confirmed || (await this.#serverIsDown())) {
      // a lease that has run out under a job's processes cannot be brought back to life
      if (this.#lease.valid || this.#executions.running.length === 0) {
        this.#lease.renew(sentAt);
        this.#executions.beat();
      }
    }
    if (this.#hasLostLease) await this.#fence();
    this.#giveUpWhenOrphaned();
  }

  get #hasLostLease(): boolean {
    return !this.#lease.valid && this.#executions.running.length > 0;
  }

  /** @returns whether Redis has confirmed the heartbeat */
  async #register(): Promise<boolean> {
    try {
      await beat({ client: this.#heartbeat, keys: this.#context.access.keys }, 'runner', {
        ...ownProcess(),
        id: this.#id,
        name: this.name,
        labels: [...this.#settings.labels],
        slots: this.#settings.slots,
        running: this.#executions.running,
        reporting: this.#executions.reporting,
        scopes: this.#executions.scopes.flatMap(({ pid }) => (pid === undefined ? [] : [identify(pid)])),
        publicKey: this.#executions.publicKey(this.#id),
        load: loadavg()[0] ?? 0,
        version,
        startedAt: this.#startedAt,
        heartbeatAt: new Date().toISOString(),
        draining: this.#draining,
        vitals: this.#signs.read(),
      });
      return true;
    } catch {
      // the connection says for itself when the server is away
      return false;
    }
  }

  async #serverIsDown(): Promise<boolean> {
    const { host, port } = parseRedisUrl(this.#context.access.url);
    return host !== undefined && port !== undefined && refusesConnections(host, port);
  }

  /** Somebody else may have our jobs by now: ends them, hands nothing in, and goes on as somebody new. */
  async #fence(): Promise<void> {
    this.#logger.warn('heard nothing from Redis for too long: ending all jobs, others may have them', {
      attempts: this.#executions.running.join(' '),
    });
    this.#executions.loseAll();
    const former = this.#slots;
    this.#slots = undefined;
    this.#id = this.#newId();
    this.#lease = new Lease();
    void former?.close();
    if (!this.#draining) await this.#enter();
  }

  #giveUpWhenOrphaned(): void {
    const seconds = (performance.now() - this.#lastWord) / 1000;
    if (seconds < this.#context.config.orphanTimeout) return;
    this.#executions.loseAll();
    this.#fail(
      new VoltError('orphaned', `Redis has been away for ${Math.round(seconds)} s; all jobs were ended`, {
        remedy: 'Start the runner again when Redis is back; VOLT_ORPHAN_TIMEOUT says how long it waits.',
      }),
    );
  }

  #newId(): RunnerId {
    return `${this.#folder.name}~${Date.now().toString(36)}${randomBytes(2).toString('hex')}` as RunnerId;
  }
}
