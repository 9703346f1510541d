import { randomBytes } from 'node:crypto';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { runnerFailed } from '../job/ending.ts';
import { errorText, VoltError } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { attemptName, type RunnerId } from '../kernel/model.ts';
import { version } from '../kernel/version.ts';
import { every, type Repeating, within } from '../kernel/wait.ts';
import type { JobMessage, Result } from '../queues/messages.ts';
import { SlotWorker } from '../queues/slots.ts';
import type { StageContext } from '../queues/stage.ts';
import { listen, newQueueSchema, type RunnerNotice, runnerNoticeSchema } from '../redis/channels.ts';
import type { RedisConnection } from '../redis/connect.ts';
import { beat, heartbeatInterval, leave } from '../redis/membership.ts';
import { identify, ownProcess } from '../redis/process.ts';
import { parseRedisUrl } from '../redis/url.ts';
import { RunningAttempt } from './attempt.ts';
import { Lease, refusesConnections } from './lease.ts';
import { Report } from './report.ts';
import { leftSpools, Spool } from './spool.ts';
import type { WorkFolder } from './work-folder.ts';

export interface RunnerSettings {
  labels: readonly string[];
  slots: number;
  /** how long (ms) attempts under way may go on when the runner is stopped */
  grace: number;
}

/**
 * Executes jobs. Its states:
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
  readonly #spools: string;
  readonly #heartbeat: RedisConnection;
  readonly #startedAt = new Date().toISOString();
  readonly #running = new Map<string, RunningAttempt>();
  readonly #reports = new Map<string, Report>();
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
    this.name = folder.name;
    this.#spools = join(folder.path, 'spool');
    this.#heartbeat = context.access.openImpatient(`heartbeat ${folder.name}`);
    this.#id = this.#newId();
  }

  get id(): RunnerId {
    return this.#id;
  }

  async start(): Promise<void> {
    const { access } = this.#context;
    this.#unlisten.push(
      await listen(access, access.keys.newQueue, newQueueSchema, this.#logger, () => this.#slots?.look()),
    );
    await this.#enter();
    for (const left of await leftSpools(this.#spools)) {
      const report = await Report.reopen(this.#context, this.#id, this.#spools, left, (done) => this.#settled(done));
      this.#reports.set(attemptName(report.ref), report);
    }
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
    await this.#beating?.stop();
    await leave(this.#context.access, 'runner', this.#id).catch(() => undefined);
    // a last moment for acknowledgements; what is still owed then waits on the disk for the next start
    await within(this.#allReported(), 1000);
    for (const report of this.#reports.values()) await report.close();
    for (const unlisten of this.#unlisten) await unlisten();
    this.#heartbeat.disconnect();
    this.#folder.release();
  }

  /** Gives back everything under way at once. */
  handBack(): void {
    for (const attempt of this.#running.values()) attempt.giveBack('the runner is stopping');
  }

  /** Registers under a new epoch and begins to fetch. */
  async #enter(): Promise<void> {
    const { access } = this.#context;
    const id = this.#id;
    this.#unlisten.push(
      await listen(access, access.keys.toRunner(id), runnerNoticeSchema, this.#logger, (notice) => this.#hear(notice)),
    );
    await this.#beat();
    const { labels, slots } = this.#settings;
    this.#slots = new SlotWorker(access, {
      runner: id,
      slots,
      labels,
      logger: this.#logger,
      ready: () => this.#lease.valid && !this.#draining && this.#id === id,
      run: (message) => this.#execute(message),
    });
  }

  async #beat(): Promise<void> {
    const sentAt = performance.now();
    const own = ownProcess();
    const confirmed = await within(
      beat({ client: this.#heartbeat, keys: this.#context.access.keys }, 'runner', {
        ...own,
        id: this.#id,
        name: this.name,
        labels: [...this.#settings.labels],
        slots: this.#settings.slots,
        running: [...this.#running.keys()],
        reporting: [...this.#reports.keys()].filter((name) => !this.#running.has(name)),
        scopes: [...this.#running.values()].flatMap((attempt) =>
          attempt.scope?.pid ? [identify(attempt.scope.pid)] : [],
        ),
        load: loadavg()[0] ?? 0,
        version,
        startedAt: this.#startedAt,
        heartbeatAt: new Date().toISOString(),
      }).then(
        () => true,
        () => false,
      ),
      heartbeatInterval,
    );
    if (confirmed) this.#lastWord = performance.now();
    if (confirmed || (await this.#serverIsDown())) {
      if (this.#lease.valid || this.#running.size === 0) this.#renew(sentAt);
    }
    if (!this.#lease.valid) await this.#fence();
    this.#giveUpWhenOrphaned();
  }

  #renew(sentAt: number): void {
    this.#lease.renew(sentAt);
    for (const attempt of this.#running.values()) attempt.beat();
  }

  async #serverIsDown(): Promise<boolean> {
    const { host, port } = parseRedisUrl(this.#context.access.url);
    return host !== undefined && port !== undefined && refusesConnections(host, port);
  }

  /** Somebody else may have our jobs by now: ends them, hands nothing in, and goes on as somebody new. */
  async #fence(): Promise<void> {
    if (this.#running.size === 0) return;
    this.#logger.warn('heard nothing from Redis for too long: ending all jobs, others may have them', {
      attempts: [...this.#running.keys()].join(' '),
    });
    for (const attempt of this.#running.values()) attempt.lose();
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
    for (const attempt of this.#running.values()) attempt.lose();
    this.#fail(
      new VoltError('orphaned', `Redis has been away for ${Math.round(seconds)} s; all jobs were ended`, {
        remedy: 'Start the runner again when Redis is back; VOLT_ORPHAN_TIMEOUT says how long it waits.',
      }),
    );
  }

  async #execute(message: JobMessage): Promise<void> {
    const name = attemptName(message);
    const logger = this.#logger.child({ job: message.job, attempt: message.attempt });
    if (this.#running.has(name) || this.#reports.has(name)) {
      logger.warn('was given an attempt that it has already; it goes on as it is');
      return;
    }
    const runner = { id: this.#id, name: this.name, host: this.#context.config.host };
    const common = { v: 1, job: message.job, attempt: message.attempt, runner } as const;
    const { queues } = this.#context;
    try {
      const report = await this.#open(message, runner.id);
      const attempt = this.#begin(message, common, report.spool, logger);
      this.#running.set(name, attempt);
      logger.info(`began ${message.repo.name} ${message.sha.slice(0, 12)}: ${message.name}`);
      const told = queues.sendResult({ ...common, kind: 'started', at: new Date().toISOString() });
      const end = await attempt.run();
      await told;
      if (end.kind === 'finished') {
        const { outcome, steps, startedAt, finishedAt } = end;
        const logBytes = report.spool.bytes;
        await report.finish({ ...common, kind: 'finished', ...outcome, steps, logBytes, startedAt, finishedAt });
      } else {
        if (end.kind === 'returned') {
          await queues.sendResult({ ...common, kind: 'returned', message: end.message, at: new Date().toISOString() });
        }
        report.abandon();
      }
      logger.info(end.kind === 'finished' ? `ended: ${end.outcome.status}` : `ended: ${end.kind}`);
    } catch (error) {
      logger.error(`cannot run the job: ${errorText(error)}`);
      const at = new Date().toISOString();
      const outcome = runnerFailed(`the runner cannot run jobs: ${errorText(error)}`).outcome;
      await queues.sendResult({
        ...common,
        kind: 'finished',
        ...outcome,
        steps: [],
        logBytes: 0,
        startedAt: at,
        finishedAt: at,
      });
    } finally {
      this.#running.delete(name);
    }
  }

  async #open(message: JobMessage, runner: RunnerId): Promise<Report> {
    const spool = await Spool.create(this.#spools, message, this.#context.config.logLimit * 1_048_576);
    const report = new Report(this.#context, runner, spool, (done) => this.#settled(done));
    this.#reports.set(attemptName(message), report);
    return report;
  }

  #begin(
    message: JobMessage,
    common: Pick<Result<'steps'>, 'v' | 'job' | 'attempt' | 'runner'>,
    spool: Spool,
    logger: Logger,
  ): RunningAttempt {
    let revision = 0;
    return new RunningAttempt(message, {
      config: this.#context.config,
      logger,
      work: this.#folder.path,
      spool,
      leaseValid: () => this.#lease.valid,
      // others are to know the attempt's processes
      opened: () => this.#beating?.now(),
      progress: (steps) => {
        const sent = this.#context.queues.sendResult({ ...common, kind: 'steps', steps }, ++revision);
        sent.catch((error) => logger.debug(`could not tell the steps: ${errorText(error)}`));
      },
    });
  }

  #hear(notice: RunnerNotice): void {
    const name = attemptName(notice);
    if (notice.kind === 'archived') this.#reports.get(name)?.archived(notice.bytes);
    else if (notice.kind === 'recorded') this.#reports.get(name)?.recorded();
    else this.#running.get(name)?.cancel(notice.message);
  }

  #settled(report: Report): void {
    this.#reports.delete(attemptName(report.ref));
    this.#reported();
  }

  #reported: () => void = () => {};

  async #allReported(): Promise<void> {
    while (this.#reports.size > 0) {
      await new Promise<void>((resolve) => {
        this.#reported = resolve;
      });
    }
  }

  #newId(): RunnerId {
    return `${this.#folder.name}~${Date.now().toString(36)}${randomBytes(2).toString('hex')}` as RunnerId;
  }
}
