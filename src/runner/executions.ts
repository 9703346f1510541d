import { join } from 'node:path';
import type { EngineSession } from '../engine/engine-session.ts';
import type { ProcessGroup } from '../exec/process-group.ts';
import { TextWorker } from '../job/texts/text-worker.ts';
import { type AttemptRef, attemptName, type RunnerId } from '../kernel/model.ts';
import type { JobMessage } from '../queues/messages.ts';
import type { RunnerNotice } from '../redis/channels.ts';
import { Backlog } from './backlog.ts';
import type { DiskWatch } from './disk-watch.ts';
import { Execution, type ExecutionHooks } from './execution.ts';
import { SecretRequests } from './secret-requests.ts';
import type { AttemptLease, AttemptServices, RunnerServices } from './services.ts';
import { leftSpools } from './spool.ts';

/** Why attempts are given back when the runner is stopped. */
export const stopping = 'the runner is stopping';

export interface ExecutionsHooks extends Pick<ExecutionHooks, 'refusal' | 'unsuitable'> {
  lease: AttemptLease;
  engine: EngineSession;
  /** the backlog has become too large to take more jobs, or small enough again */
  backlogChanged(): void;
}

/** The attempts that a runner executes, and those whose outcome it still has to report. */
export class Executions {
  readonly #services: AttemptServices;
  readonly #hooks: ExecutionHooks;
  /** by the name of the attempt, see attemptName */
  readonly #all = new Map<string, Execution>();
  readonly #backlog: Backlog;
  readonly #waiting = new Set<() => void>();
  readonly #closing = new AbortController();

  constructor(services: RunnerServices, disk: DiskWatch, { lease, engine, backlogChanged, ...hooks }: ExecutionsHooks) {
    this.#services = {
      ...services,
      disk,
      secretRequests: new SecretRequests(services, services.key.signer),
      texts: new TextWorker(),
      spools: join(services.folder.path, 'spool'),
      ...{ lease, engine },
    };
    this.#hooks = { ...hooks, changed: () => this.#changed(), closing: this.#closing.signal };
    this.#backlog = new Backlog(() => [...this.#all.values()].flatMap(({ report }) => report ?? []), backlogChanged);
  }

  /** Whether a job has processes, or may at any moment. */
  get busy(): boolean {
    return this.#named(({ isActive }) => isActive).length > 0;
  }

  /** Names of the attempts that run here and that no other runner may have. */
  get running(): string[] {
    return this.#named(({ isClaimed }) => isClaimed);
  }

  /** Names of the attempts with an outcome that is not recorded yet. */
  get reporting(): string[] {
    return this.#named(({ isReporting }) => isReporting);
  }

  get processGroups(): ProcessGroup[] {
    return [...this.#all.values()].flatMap(({ attempt }) => attempt?.processes ?? []);
  }

  /** The runner's signed statements that it has begun what runs, as JSON. */
  get claims(): string[] {
    return [...this.#all.values()].flatMap(({ claim }) => claim ?? []);
  }

  /** Why no more jobs are taken before others are recorded; undefined while they are. */
  get backlog(): string | undefined {
    return this.#backlog.problem;
  }

  /** What is sealed to the runner with that id is sealed to this key. */
  boxKey(runner: RunnerId): ReturnType<SecretRequests['boxKey']> {
    return this.#services.secretRequests.boxKey(runner);
  }

  /** Renews the lease of every attempt's processes. */
  beat(): void {
    for (const { attempt } of this.#all.values()) attempt?.beat();
  }

  /** Ends all jobs at once and reports nothing of them. */
  loseAll(message: string): void {
    for (const { attempt } of this.#all.values()) attempt?.lose(message);
  }

  /** Ends all jobs, and gives them back. */
  giveBackAll(): void {
    for (const { attempt } of this.#all.values()) attempt?.giveBack(stopping);
  }

  hear(notice: RunnerNotice): void {
    if (notice.kind === 'sealed') this.#services.secretRequests.hear(notice);
    else this.#all.get(attemptName(notice))?.hear(notice);
    if (this.#backlog.problem !== undefined) this.#backlog.update();
  }

  /**
   * Goes on reporting what an earlier process of this runner has left on the disk.
   * @returns the ids that the runner had then; reporters answer to them
   */
  async resume(runner: RunnerId): Promise<RunnerId[]> {
    const former = new Set<RunnerId>();
    for (const left of await leftSpools(this.#services.spools)) {
      const execution = await Execution.reopen(runner, left, this.#services, this.#hooks);
      if (!execution.isOver) this.#all.set(execution.name, execution);
      if (execution.report?.reporter !== undefined) former.add(execution.report.reporter);
    }
    this.#backlog.update();
    return [...former];
  }

  /**
   * Executes one attempt for the runner with that id.
   * @returns whether the attempt is over; false if another runner may have the job, or it runs here already
   */
  async execute(message: JobMessage, id: RunnerId): Promise<boolean> {
    const name = attemptName(message);
    if (this.#all.has(name)) {
      this.#services.logger.warn('the message of an attempt came again; the attempt goes on', { attempt: name });
      return false;
    }
    const execution = Execution.of(message, this.#services, this.#hooks);
    this.#all.set(name, execution);
    return execution.run(message, id);
  }

  /** Reports an attempt whose message cannot be understood, so that its job does not wait for ever. */
  async refuse(ref: AttemptRef, why: string, id: RunnerId): Promise<void> {
    await Execution.of(ref, this.#services, this.#hooks).refuse(why, id);
  }

  /** Resolves when no job has processes any more; their outcomes may still have to be reported. */
  async idle(): Promise<void> {
    await this.#until(() => !this.busy);
  }

  /** Resolves when nothing is left to report. */
  async allReported(): Promise<void> {
    await this.#until(() => this.#named(({ report }) => report !== undefined).length === 0);
  }

  /** Stops reporting. What is not reported waits on the disk for the next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const { report } of this.#all.values()) await report?.close();
    await this.#services.texts.close();
  }

  #named(is: (execution: Execution) => boolean): string[] {
    return [...this.#all].flatMap(([name, execution]) => (is(execution) ? [name] : []));
  }

  #changed(): void {
    for (const [name, { isOver }] of this.#all) if (isOver) this.#all.delete(name);
    this.#backlog.update();
    for (const check of this.#waiting) check();
  }

  async #until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      const check = () => {
        if (!condition()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }
}
