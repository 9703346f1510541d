import { isAbsolute, join } from 'node:path';
import { type SettledIsolation, unaskedText } from '../exec/isolation-check.ts';
import type { Launcher } from '../exec/launcher.ts';
import type { NetworkPool } from '../exec/network/network-pool.ts';
import { ProcessGroup } from '../exec/process-group.ts';
import { keepUses } from '../git/mirror-use.ts';
import { ownActionsOf } from '../job/actions/served.ts';
import { ActionStore } from '../job/actions/store.ts';
import type { JobHost, JobResult } from '../job/contract.ts';
import { cancelled, JobEnding, type JobOutcome, overLimit, runnerFailed, timedOut, withLimit } from '../job/ending.ts';
import { runJob } from '../job/job.ts';
import { JobTree } from '../job/job-tree.ts';
import type { KeptTrees } from '../job/kept-trees.ts';
import { reachOf } from '../job/reach.ts';
import { gitLimitsOf, limitsOf } from '../job/sandbox/job-limits.ts';
import { makeWorkspace, type Workspace } from '../job/sandbox/workspace.ts';
import type { JobTexts } from '../job/texts/job-texts.ts';
import type { Config } from '../kernel/config.ts';
import { dataPaths } from '../kernel/data-paths.ts';
import { errorText } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { type AttemptRef, attemptName, type Reason, type Step } from '../kernel/model.ts';
import { repositoryKey } from '../kernel/names.ts';
import { serverTime } from '../kernel/server-time.ts';
import type { JobMessage, Result } from '../queues/messages.ts';
import { leaseTtl } from '../redis/heartbeat-times.ts';
import type { Delivered, DeliveryKind } from '../secrets/delivery.ts';
import { removeContested, removeTree } from '../system/remove-tree.ts';
import { longestTimer } from '../system/wait.ts';
import { blameFor } from './blame.ts';
import { DiskQuota, emptyIfLarge } from './disk-quota.ts';
import type { DiskWatch } from './disk-watch.ts';
import type { LauncherProcess } from './launcher/launcher-process.ts';
import type { Spool } from './spool.ts';

/**
 * How an attempt came to its end here. While it runs, the first of these that happens stays:
 * `finished`: with an outcome to hand in, which may be that somebody cancelled it or that its time was over;
 * `returned`: given back unfinished, since the runner stops or its disk does not let it work;
 * `lost`: the lease ran out, or the dispatcher says that it counts no more, so that somebody else may have it and nothing
 * is handed in. This one comes before the others until the last moment: an outcome of a runner that has slept or was cut
 * off in between is worth nothing.
 */
export type AttemptEnd =
  | ({ kind: 'finished'; startedAt: string; finishedAt: string } & JobResult)
  | { kind: 'returned'; message: string }
  | { kind: 'lost' };

/** How far jobs are kept apart is for a person to say first. */
class Unasked extends Error {}

/** Steps are told while they run, at most this often (ms); short jobs tell them only at their end. */
const progressInterval = 250;

export interface AttemptHost {
  config: Config;
  settledIsolation: SettledIsolation;
  networks: NetworkPool;
  logger: Logger;
  /** name of the runner */
  runner: string;
  spool: Spool;
  disk: DiskWatch;
  /** absent where nothing is kept of checkouts */
  trees: KeptTrees | undefined;
  /** starts the programs of jobs; absent where this process does */
  launcherProcess: LauncherProcess | undefined;
  texts: JobTexts;
  /** milliseconds for which the lease holds still, 0 when it has run out */
  leaseLeft(): number;
  /** the attempt's process group is there. @returns whether its lease is renewed by somebody else than `beat` from now on */
  opened(processes: ProcessGroup): boolean;
  progress(steps: Result<'steps'>['steps']): void;
  /** what a dispatcher seals to this runner for the attempt */
  ask<K extends DeliveryKind>(kind: K, signal: AbortSignal): Promise<Delivered<K>>;
}

/** One execution of a job by this runner. */
export class RunningAttempt {
  readonly message: JobMessage;
  readonly #host: AttemptHost;
  readonly #ending = new AbortController();
  /** what was asked for already; an attempt is given the same to its end */
  readonly #asked = new Map<DeliveryKind, Promise<Delivered<DeliveryKind>>>();
  #processes: ProcessGroup | undefined;
  #end: 'returned' | 'lost' | undefined;
  #why = '';
  #expired = false;
  #isBeaten = false;
  readonly #begunAt = performance.now();

  constructor(message: JobMessage, host: AttemptHost) {
    this.message = message;
    this.#host = host;
  }

  get ref(): AttemptRef {
    return { job: this.message.job, attempt: this.message.attempt };
  }

  get processes(): ProcessGroup | undefined {
    return this.#processes;
  }

  /** True when somebody else may have it. */
  get isLost(): boolean {
    return this.#end === 'lost';
  }

  /** Renews the lease of the attempt's processes, where that is not done elsewhere. */
  beat(): void {
    if (!this.#isBeaten) this.#processes?.beat(this.#host.leaseLeft() / 1000);
  }

  cancel(message: string, reason?: Reason): void {
    this.#ending.abort(cancelled(message, reason));
  }

  /** Ends it, to be given back. */
  giveBack(why: string): void {
    this.#stop('returned', why);
    void this.#processes?.close();
  }

  /** Ends it at once; nothing of it is handed in. */
  lose(): void {
    this.#stop('lost', 'the lease has run out');
    void this.#processes?.close();
  }

  /** Never rejects. */
  async run(): Promise<AttemptEnd> {
    const { message } = this;
    const { config, launcherProcess, spool } = this.#host;
    const startedAt = serverTime();
    const paths = dataPaths(config.dataDir);
    const time = Math.min(message.timeout * 60_000, longestTimer);
    const timeout = setTimeout(() => this.#ending.abort(timedOut(message.timeout)), time);
    // a disk that takes no more is our fault, not the commit's
    spool.onFailure((error) => this.#ending.abort(runnerFailed(`the runner cannot keep the log: ${errorText(error)}`)));
    const progress = new Progress((steps) => this.#host.progress(steps));
    const made = await this.#makeRoom().catch((error) =>
      error instanceof Error ? error : new Error(errorText(error)),
    );
    if (made instanceof Error) {
      clearTimeout(timeout);
      return this.#unable(made, startedAt);
    }
    const launcher = launcherProcess?.forJob();
    const lose = () => this.lose();
    launcher?.lost.addEventListener('abort', lose);
    const processes = this.#openProcesses(made, launcher);
    // a step that needs it says what is wrong; until then there is nobody to hear it
    processes.catch(() => undefined);
    const { folder, keptHome } = made;
    const most = config.jobDisk * 1_048_576;
    const quota = new DiskQuota(most, keptHome === undefined ? [folder] : [folder, keptHome], (text) =>
      this.#ending.abort(overLimit(`the job ${text}`)),
    );
    const tree = this.#treeFor(made);
    const credential = async () => (await this.#ask('credential', message.sealed?.credential, null)) ?? undefined;
    const reach = reachOf(config, message, credential);
    const host: JobHost = {
      ...made,
      ...(tree && { tree }),
      mirrors: paths.mirrors,
      reach,
      gitLimits: gitLimitsOf(config),
      actions: new ActionStore(paths.actions, config.actionsUrl, { reach, limits: gitLimitsOf(config) }),
      ownActions: ownActionsOf(config.ownActions),
      caches: join(paths.caches, repositoryKey(message.repo)),
      artifacts: join(paths.artifacts, message.repo.name, message.build),
      runner: this.#host.runner,
      texts: this.#host.texts,
      ...(launcher && { git: launcher.git }),
      processes,
      output: (chunk) => spool.append(chunk),
      progress: (list) => progress.tell(list),
      secrets: () => this.#ask('secrets', message.sealed?.secrets, { values: {}, withheld: null }),
      credential,
      signal: this.#ending.signal,
    };
    const { outcome, begun, steps, outputs, tests } = await keepUses(() => runJob(message, host));
    clearTimeout(timeout);
    progress.stop();
    launcher?.lost.removeEventListener('abort', lose);
    await quota.stop();
    await processes.then((opened) => this.#closeProcesses(opened)).catch(() => undefined);
    await spool.settle();
    const end = await this.#judge(withLimit(outcome, this.#processes?.breach), folder);
    void this.#leave(folder, tree);
    if (
      outcome.reason === 'resource_limit' &&
      most > 0 &&
      keptHome !== undefined &&
      (await emptyIfLarge(keptHome, most))
    )
      this.#host.logger.warn(`emptied ${keptHome}, which alone took more than half of what a job may have`);
    made.leave();
    if (end.kind === 'returned') return this.#stopped ?? end;
    return this.#ended({ outcome: end.outcome, begun, steps, outputs, ...(tests && { tests }) }, startedAt);
  }

  /** What comes before any outcome. */
  get #stopped(): AttemptEnd | undefined {
    if (this.#end === 'lost' || this.#expired || this.#host.leaseLeft() === 0) return { kind: 'lost' };
    return this.#end === 'returned' ? { kind: 'returned', message: this.#why } : undefined;
  }

  #ended(result: JobResult, startedAt: string): AttemptEnd {
    return this.#stopped ?? { kind: 'finished', ...result, startedAt, finishedAt: serverTime() };
  }

  /** There is no place for the job on this machine. */
  #unable(error: Error, startedAt: string): AttemptEnd {
    const lasting = error instanceof Unasked;
    const message = errorText(error);
    const outcome = { status: 'error', reason: 'runner_failed', message, exitCode: null, lasting } as const;
    return this.#ended({ outcome, begun: false, steps: [], outputs: {} }, startedAt);
  }

  async #makeRoom(): Promise<Workspace> {
    const { config, settledIsolation, networks, runner } = this.#host;
    const { repo, trust } = this.message;
    if (settledIsolation.isUnasked && !isAbsolute(repo.url)) throw new Unasked(unaskedText);
    const network = networks.kindFor(trust.trusted);
    return makeWorkspace(config, settledIsolation, { repo, trust, runner, name: attemptName(this.ref), network });
  }

  /** What a job has come to is believed only where the machine let it work. */
  async #judge(
    outcome: JobOutcome,
    folder: string,
  ): Promise<{ kind: 'outcome'; outcome: JobOutcome } | { kind: 'returned'; message: string }> {
    const { disk, runner } = this.#host;
    if (this.#end !== undefined || this.#expired || outcome.status === 'success') return { kind: 'outcome', outcome };
    const problem = disk.problemSince(this.#begunAt) ?? (await disk.check());
    const blame = await blameFor(outcome, problem, { workspace: folder, attempt: this.message.attempt, runner });
    if (blame.kind === 'runner') return { kind: 'returned', message: blame.message };
    return { kind: 'outcome', outcome: blame.kind === 'job' ? blame.outcome : outcome };
  }

  async #closeProcesses(processes: ProcessGroup): Promise<void> {
    await processes.close();
    this.#expired ||= processes.expired;
  }

  /** A tree is for jobs whose files belong to the same user, and whose refs are trusted alike. */
  #treeFor({ sandbox: { isolation } }: Workspace): JobTree | undefined {
    const { trees } = this.#host;
    const owner = isolation.level === 'none' ? null : isolation.user;
    const { repo, trust } = this.message;
    return trees && new JobTree(trees, JSON.stringify([repo.name, repo.url, trust.class, owner]));
  }

  /** Removes what the job has left, but for what the next one may begin from. */
  async #leave(folder: string, tree: JobTree | undefined): Promise<void> {
    const isOver = this.#processes?.isEmpty === true;
    await tree?.end(isOver ? join(folder, 'workspace') : undefined);
    const { launcherProcess } = this.#host;
    const removed = launcherProcess?.remove(folder, !isOver) ?? (isOver ? removeTree(folder) : removeContested(folder));
    await removed.catch((error) => {
      this.#host.logger.warn(`could not remove ${folder}: ${errorText(error)}`);
    });
  }

  async #ask<K extends DeliveryKind>(kind: K, sealed = false, nothing: Delivered<K>): Promise<Delivered<K>> {
    if (!sealed) return nothing;
    const asked = this.#asked.get(kind) ?? this.#host.ask(kind, this.#ending.signal);
    this.#asked.set(kind, asked);
    return asked as Promise<Delivered<K>>;
  }

  async #openProcesses({ sandbox }: Workspace, launcher: Launcher | undefined): Promise<ProcessGroup> {
    const { isolation } = sandbox;
    const { repo, trust } = this.message;
    const owner = { key: JSON.stringify([repo.name, repo.url, trust.class]), trusted: trust.trusted };
    const { networks } = this.#host;
    const network = await networks.take(owner);
    const processes = await ProcessGroup.open(leaseTtl / 1000, this.#host.settledIsolation.groupKind, {
      isolation,
      network,
      limits: limitsOf(this.#host.config),
      ...(launcher && { launcher }),
    }).catch((error) => {
      networks.giveBack(network, owner, false);
      throw error;
    });
    void processes.ended.then(() => networks.giveBack(network, owner, processes.isEmpty));
    this.#processes = processes;
    this.beat();
    if (this.#end !== undefined) void processes.close();
    this.#isBeaten = this.#host.opened(processes);
    processes.whenExpired(() => {
      this.#expired = true;
      this.#stop('lost', 'the lease has run out');
    });
    return processes;
  }

  #stop(end: 'returned' | 'lost', why: string): void {
    this.#end ??= end;
    this.#why = why;
    this.#ending.abort(new JobEnding({ status: 'error', reason: 'runner_failed', message: why, exitCode: null }));
  }
}

/** Tells steps now and then, the last word included. */
class Progress {
  readonly #tell: (steps: Step[]) => void;
  #timer: NodeJS.Timeout | undefined;
  #latest: Step[] = [];

  constructor(tell: (steps: Step[]) => void) {
    this.#tell = tell;
  }

  /** @param steps is the job's own list; long ones are told less often, and summaries only with the outcome */
  tell(steps: Step[]): void {
    this.#latest = steps;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tell(this.#latest.map((step) => ({ ...step, summary: null })));
    }, progressInterval + steps.length);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
