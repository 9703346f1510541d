import { randomUUID } from 'node:crypto';
import { isAbsolute, join } from 'node:path';
import { unaskedText } from '../exec/isolation-check.ts';
import { ProcessGroup } from '../exec/process-group.ts';
import { keepMarkedUsed } from '../git/mirror/use.ts';
import { fetchPolicyOf } from '../job/fetch-policy.ts';
import type { JobResult } from '../job/input-and-result.ts';
import { runJob } from '../job/job.ts';
import type { JobContext } from '../job/job-context.ts';
import { JobTree } from '../job/job-tree.ts';
import { makeJobServices } from '../job/make-services.ts';
import { cancelled, overLimit, runnerFailed, timedOut, unableToRun, withLimit } from '../job/outcome.ts';
import { gitLimitsOf, limitsOf } from '../job/sandbox/limits-of-settings.ts';
import { makeWorkspace, type Workspace } from '../job/sandbox/workspace.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { errorText } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { type AttemptRef, attemptName, type Reason, type Step } from '../kernel/model.ts';
import { serverTime } from '../kernel/server-time.ts';
import type { JobMessage } from '../queues/messages.ts';
import { leaseTtl } from '../redis/heartbeat-times.ts';
import type { Delivered, DeliveryKind, DeliveryRequest } from '../secrets/delivery.ts';
import { removeContested, removeTree } from '../system/remove-tree.ts';
import { longestTimer } from '../system/wait.ts';
import { diskFault } from './disk-fault.ts';
import { emptyIfLarge, watchQuota } from './disk-quota.ts';
import type { JobLauncher } from './launcher/launcher-process.ts';
import { Releases } from './releases.ts';
import type { AttemptServices } from './services.ts';
import type { Spool } from './spool.ts';
import { StepProgress } from './step-progress.ts';

/**
 * How an attempt ended here:
 * - `finished`: with an outcome to report. The job may have been cancelled, or have run out of time.
 * - `returned`: given back unfinished, because the runner stops or its disk has a problem.
 * - `lost`: another runner may have the job, so nothing is reported.
 */
export type AttemptEnd = ({ kind: 'finished'; startedAt: string; finishedAt: string } & JobResult) | Withdrawal;

/** Why an attempt ends without an outcome; `message` is for people. */
type Withdrawal = { kind: 'returned'; message: string; disk?: true } | { kind: 'lost'; message: string };

/** A person has to choose an isolation level first. */
class Unasked extends Error {}

export interface AttemptHooks {
  logger: Logger;
  spool: Spool;
  progress(steps: Step[]): void;
  /** asks a dispatcher for what it seals to this runner for the attempt */
  ask<K extends DeliveryKind>(asked: DeliveryRequest<K>, signal: AbortSignal): Promise<Delivered<K>>;
}

/** One execution of a job by this runner. */
export class RunningAttempt {
  readonly message: JobMessage;
  readonly #services: AttemptServices;
  readonly #hooks: AttemptHooks;
  readonly #ending = new AbortController();
  /** deliveries by kind; an attempt is given the same to its end */
  readonly #asked = new Map<DeliveryKind, Promise<Delivered<DeliveryKind>>>();
  readonly #begunAt = performance.now();
  #processes: ProcessGroup | undefined;
  #withdrawal: Withdrawal | undefined;
  /** whether the registration renews the lease of the processes */
  #isRenewed = false;

  constructor(message: JobMessage, services: AttemptServices, hooks: AttemptHooks) {
    this.message = message;
    this.#services = services;
    this.#hooks = hooks;
  }

  get ref(): AttemptRef {
    return { job: this.message.job, attempt: this.message.attempt };
  }

  get processes(): ProcessGroup | undefined {
    return this.#processes;
  }

  /** Whether another runner may have the job. */
  get isLost(): boolean {
    return this.#withdrawal?.kind === 'lost';
  }

  /** Renews the lease of the attempt's processes, where the registration does not. */
  beat(): void {
    if (!this.#isRenewed) this.#processes?.beat(this.#services.lease.left() / 1000);
  }

  cancel(message: string, reason?: Reason): void {
    this.#ending.abort(cancelled(message, reason));
  }

  /** Ends the job, which another attempt repeats. */
  giveBack(message: string): void {
    this.#withdraw({ kind: 'returned', message });
  }

  /** Ends the job and reports nothing of it. */
  lose(message: string): void {
    this.#withdraw({ kind: 'lost', message });
  }

  /** Runs the job and releases everything that it held. Never rejects. */
  async run(): Promise<AttemptEnd> {
    const startedAt = serverTime();
    const { logger, spool } = this.#hooks;
    const releases = new Releases((error) => logger.warn(`ending an attempt: ${errorText(error)}`));
    let result: JobResult | Withdrawal;
    try {
      result = await this.#run(releases);
    } catch (error) {
      const outcome = unableToRun(errorText(error), error instanceof Unasked);
      result = { outcome, begun: this.#processes?.isEntered === true, steps: [], outputs: {} };
    } finally {
      await releases.run();
      await spool.settle();
    }
    if (this.#services.lease.left() === 0) this.lose(leaseRanOut);
    if (this.#withdrawal) return this.#withdrawal;
    return 'kind' in result ? result : { kind: 'finished', ...result, startedAt, finishedAt: serverTime() };
  }

  async #run(releases: Releases): Promise<JobResult | Withdrawal> {
    const { message } = this;
    const { config, disk, folder: runner } = this.#services;
    const { logger, spool } = this.#hooks;
    const workspace = await this.#makeWorkspace();
    releases.defer(() => workspace.leave());
    const tree = this.#treeFor(workspace);
    // not waited for: the next job need not wait until all files are removed
    let isTraced = false;
    releases.defer(() => void this.#remove(workspace.folder, tree, isTraced));
    const { outcome, ...result } = await this.#runJob(workspace, tree);
    // a container has no filter for the calls that change a file without a trace
    isTraced = result.image === undefined || !workspace.sandbox.isClosed;
    await spool.settle();
    const most = config.jobDisk * 1_048_576;
    const { keptHome } = workspace;
    if (outcome.reason === 'resource_limit' && most > 0 && keptHome !== undefined)
      releases.defer(async () => {
        if (await emptyIfLarge(keptHome, most))
          logger.warn(`emptied ${keptHome}: it alone was larger than half of what a job may use`);
      });
    const limited = withLimit(outcome, this.#processes?.breach);
    if (this.#withdrawal !== undefined || limited.status === 'success') return { ...result, outcome: limited };
    // the disk may be at fault
    const problem = disk.problemSince(this.#begunAt) ?? (await disk.check());
    const about = { workspace: workspace.folder, tried: message.tried ?? 0, runner: runner.name };
    const fault = await diskFault(limited, problem, about);
    if (fault.kind === 'runner') return { kind: 'returned', message: fault.message, disk: true };
    return { ...result, outcome: fault.kind === 'job' ? fault.outcome : limited };
  }

  /** Runs the job; when this resolves, none of its processes is left. */
  async #runJob(workspace: Workspace, tree: JobTree | undefined): Promise<JobResult> {
    const { message } = this;
    const { config, folder: runner, launcherProcess, texts } = this.#services;
    const { logger, spool } = this.#hooks;
    const releases = new Releases((error) => logger.warn(`ending a job: ${errorText(error)}`));
    try {
      const time = Math.min(message.timeout * 60_000, longestTimer);
      const timeout = setTimeout(() => this.#ending.abort(timedOut(message.timeout)), time);
      releases.defer(() => clearTimeout(timeout));
      // a disk that takes no more is our fault, not the commit's
      spool.onFailure((error) =>
        this.#ending.abort(runnerFailed(`the runner cannot keep the log: ${errorText(error)}`)),
      );
      const progress = new StepProgress((steps) => this.#hooks.progress(steps));
      releases.defer(() => progress.stop());
      const launcher = launcherProcess?.forJob();
      const processes = this.#open(workspace, launcher);
      // the step that needs it reports the error; until then nobody handles it
      processes.catch(() => undefined);
      releases.defer(() => processes.then((opened) => opened.close()).catch(() => undefined));
      const lose = () => this.lose('the process that starts its programs has ended');
      launcher?.lost.addEventListener('abort', lose);
      releases.defer(() => launcher?.lost.removeEventListener('abort', lose));
      const { folder, keptHome } = workspace;
      const folders = keptHome === undefined ? [folder] : [folder, keptHome];
      const engine = this.#services.engine.forJob({ build: message.build, ...this.ref });
      const used = { folders, further: () => engine.bytesOnDisk() };
      const quota = watchQuota(config.jobDisk * 1_048_576, used, (text) =>
        this.#ending.abort(overLimit(`the job ${text}`)),
      );
      releases.defer(() => quota?.stop());
      const paths = dataPaths(config.dataDir);
      const credential = async () => (await this.#ask('credential', message.sealed?.credential, null)) ?? undefined;
      const context: JobContext = {
        ...workspace,
        ...makeJobServices(config, message, {
          fetchPolicy: fetchPolicyOf(config, message, credential),
          gitLimits: gitLimitsOf(config),
          mirrors: paths.mirrors,
          artifacts: join(paths.artifacts, message.repo.name, message.build),
        }),
        tree,
        runner: runner.name,
        texts: texts.forJob(attemptName(this.ref)),
        git: launcher?.git,
        processes,
        images: this.#services.images,
        engine,
        output: (chunk) => spool.append(chunk),
        progress: (steps) => progress.changed(steps),
        secrets: () => this.#ask('secrets', message.sealed?.secrets, { values: {}, withheld: null }),
        credential,
        idToken:
          message.trust.trusted && message.pullRequest === undefined
            ? (audience) => this.#askIdToken(audience)
            : undefined,
        signal: this.#ending.signal,
      };
      return await keepMarkedUsed(() => runJob(message, context));
    } finally {
      await releases.run();
      if (this.#processes?.expired) this.lose(leaseRanOut);
    }
  }

  /**
   * The first cause stays, with one exception: an attempt that is being given back can still be lost, since then another
   * runner may have the job already.
   */
  #withdraw(withdrawal: Withdrawal): void {
    const { kind, message } = withdrawal;
    if (!this.#withdrawal || (this.#withdrawal.kind === 'returned' && kind === 'lost')) this.#withdrawal = withdrawal;
    this.#ending.abort(runnerFailed(message));
    void this.#processes?.close();
  }

  async #makeWorkspace(): Promise<Workspace> {
    const { config, settledIsolation, networks, folder } = this.#services;
    const { repo, trust } = this.message;
    if (settledIsolation.isUnasked && !isAbsolute(repo.url)) throw new Unasked(unaskedText);
    const network = networks.kindFor(trust.trusted);
    const job = { repo, trust, runner: folder.name, name: attemptName(this.ref), network };
    return makeWorkspace(config, settledIsolation, job);
  }

  /** A tree is for jobs whose files belong to the same user, and whose refs are trusted alike. */
  #treeFor({ sandbox: { isolation } }: Workspace): JobTree | undefined {
    const { trees } = this.#services;
    const owner = isolation.level === 'none' ? null : isolation.user;
    const { repo, trust } = this.message;
    return trees && new JobTree(trees, JSON.stringify([repo.name, repo.url, trust.class, owner]));
  }

  /**
   * Removes what the job has left, but for what the next one may begin from.
   * @param isTraced whether each change of a file shows in its times
   */
  async #remove(folder: string, tree: JobTree | undefined, isTraced: boolean): Promise<void> {
    const isOver = this.#processes?.isEmpty === true;
    await tree?.end(isOver && isTraced ? join(folder, 'workspace') : undefined);
    const { launcherProcess } = this.#services;
    const removed = launcherProcess?.remove(folder, !isOver) ?? (isOver ? removeTree(folder) : removeContested(folder));
    await removed.catch((error) => this.#hooks.logger.warn(`could not remove ${folder}: ${errorText(error)}`));
  }

  async #ask<K extends DeliveryKind>(kind: K, sealed = false, nothing: Delivered<K>): Promise<Delivered<K>> {
    if (!sealed) return nothing;
    const asked = this.#asked.get(kind) ?? this.#hooks.ask({ kind }, this.#ending.signal);
    this.#asked.set(kind, asked);
    return asked as Promise<Delivered<K>>;
  }

  #askIdToken(audience: string | undefined): Promise<Delivered<'id-token'>> {
    return this.#hooks.ask({ kind: 'id-token', request: randomUUID(), audience }, this.#ending.signal);
  }

  async #open({ sandbox: { isolation } }: Workspace, launcher: JobLauncher | undefined): Promise<ProcessGroup> {
    const { config, networks, settledIsolation, lease } = this.#services;
    const { repo, trust } = this.message;
    const owner = { key: JSON.stringify([repo.name, repo.url, trust.class]), trusted: trust.trusted };
    const network = await networks.take(owner);
    const processes = await ProcessGroup.open(leaseTtl / 1000, settledIsolation.groupKind, {
      isolation,
      network,
      limits: limitsOf(config),
      ...(launcher && { launcher }),
    }).catch((error) => {
      networks.giveBack(network, owner, false);
      throw error;
    });
    void processes.ended.then(() => networks.giveBack(network, owner, processes.isEmpty));
    this.#processes = processes;
    this.beat();
    if (this.#withdrawal !== undefined) void processes.close();
    this.#isRenewed = lease.opened(processes);
    processes.whenExpired(() => this.lose(leaseRanOut));
    return processes;
  }
}

const leaseRanOut = 'the lease has run out';
