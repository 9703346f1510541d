import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EngineSession } from '../../engine/engine-session.ts';
import { detectGroupKind } from '../../exec/group-kind.ts';
import { ProcessGroup } from '../../exec/process-group.ts';
import { ownerFetchPolicy } from '../../git/access/fetch-policy.ts';
import type { JobInput, JobResult } from '../../job/input-and-result.ts';
import { runJob } from '../../job/job.ts';
import { makeJobServices } from '../../job/make-services.ts';
import { cancelled, timedOut } from '../../job/outcome.ts';
import type { RunnerImages } from '../../job/runner-images.ts';
import { JobIsolation } from '../../job/sandbox/job-isolation.ts';
import { removeSurplus } from '../../job/storage/least-recently-used.ts';
import { TextWorker } from '../../job/texts/text-worker.ts';
import type { Config } from '../../kernel/config.ts';
import { dataPaths } from '../../kernel/data-paths.ts';
import type { Step } from '../../kernel/model.ts';
import { jobEnvironment } from '../../system/environment.ts';
import { longestTimer } from '../../system/wait.ts';
import type { ExecView } from './events.ts';

/** Seconds that a job's processes live without a heartbeat; a person may stop this process at the terminal for long. */
const patience = 604_800;

/** What a person gives all jobs. */
export interface GivenValues {
  secrets: { readonly [name: string]: string };
  env: { readonly [name: string]: string };
  /** images for jobs that name none */
  images: RunnerImages;
}

/** A job for the view. */
export interface ShownJob {
  id: number;
  name: string;
  workflow: string | null;
  /** labels that the job asks for and a runner on this machine does not have */
  missingLabels: string[];
}

/** Runs jobs in this process, and sends their events to a view. */
export class JobRunner {
  readonly #config: Config;
  readonly #view: ExecView;
  readonly #folder: string;
  readonly #given: GivenValues;
  readonly #running = new Map<number, { stop: AbortController; processes: Promise<ProcessGroup> }>();
  readonly #texts = new TextWorker();
  readonly #engine: EngineSession;
  #isCancelled = false;

  /** @param folder of the build: it has the mirrors, and gets folders for jobs and artifacts */
  constructor(config: Config, view: ExecView, folder: string, given: GivenValues) {
    this.#config = config;
    this.#view = view;
    this.#folder = folder;
    this.#given = given;
    this.#engine = new EngineSession(config, {
      record: async () => 'exec',
      // no other process has its containers
      runner: `exec-${process.pid}-${randomBytes(4).toString('hex')}`,
      ttl: patience,
      left: () => patience,
      renew: () => true,
      warn: (message) => view.take({ kind: 'note', text: message }),
    });
  }

  /** Cancels all jobs, also those that have not begun; steps that run in any case still run. */
  cancelAll(): void {
    this.#isCancelled = true;
    for (const { stop } of this.#running.values()) stop.abort(cancelled('interrupted'));
  }

  /** Cancels a running job. */
  cancel(id: number, message: string): void {
    this.#running.get(id)?.stop.abort(cancelled(message));
  }

  /** Kills all processes. */
  kill(): void {
    this.cancelAll();
    for (const { processes } of this.#running.values())
      void processes.then((opened) => opened.close()).catch(() => undefined);
  }

  /** To be called when no job runs any more. */
  async close(): Promise<void> {
    await this.#texts.close();
    await this.#engine.close();
    // there may be no runner that prunes the folder
    const { caches } = dataPaths(this.#config.dataDir);
    await removeSurplus(caches, this.#config.cacheLimit * 1_073_741_824, false, Date.now()).catch(() => undefined);
  }

  /** @param minutes time limit */
  async run(shown: ShownJob, input: JobInput, minutes: number): Promise<JobResult> {
    const { id, name, workflow, missingLabels } = shown;
    const stop = new AbortController();
    const processes = detectGroupKind().then((kind) => ProcessGroup.open(patience, kind));
    this.#running.set(id, { stop, processes });
    if (this.#isCancelled) stop.abort(cancelled('interrupted'));
    const timer = setTimeout(() => stop.abort(timedOut(minutes)), Math.min(minutes * 60_000, longestTimer));
    const own = join(this.#folder, 'jobs', String(id));
    this.#view.take({ kind: 'job', job: id, name, workflow, status: 'running', missingLabels });
    const shownSteps = new Map<Step, string>();
    const decoder = new TextDecoder();
    try {
      const result = await runJob(input, {
        ...{ folder: own, processes, signal: stop.signal, runner: 'exec' },
        env: { ...jobEnvironment({ trusted: true }), ...this.#given.env },
        // it is the person's own checkout, and it uses their tools and caches
        sandbox: JobIsolation.none,
        ...makeJobServices(this.#config, input, {
          fetchPolicy: ownerFetchPolicy,
          gitLimits: {},
          mirrors: join(this.#folder, 'mirrors'),
          artifacts: join(this.#folder, 'artifacts'),
        }),
        images: this.#given.images,
        engine: this.#engine.forJob({ build: 'exec', job: String(id), attempt: 1 }),
        texts: this.#texts.forJob(String(id)),
        toolCache: resolve(this.#config.toolCache ?? dataPaths(this.#config.dataDir).tools),
        output: (chunk) => this.#view.take({ kind: 'output', job: id, text: decoder.decode(chunk, { stream: true }) }),
        progress: (steps) => this.#showSteps(id, steps, shownSteps),
        secrets: async () => ({ values: { ...this.#given.secrets }, withheld: null }),
        credential: async () => undefined,
      });
      const { status, reason, message } = result.outcome;
      this.#view.take({ kind: 'job', job: id, name, workflow, status, reason, message, outputs: result.outputs });
      return result;
    } finally {
      clearTimeout(timer);
      this.#running.delete(id);
      await processes.then((opened) => opened.close()).catch(() => undefined);
      await rm(own, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  #showSteps(job: number, steps: readonly Step[], shownSteps: Map<Step, string>): void {
    steps.forEach((step, index) => {
      const state = `${step.status} ${step.name}`;
      if (step.status === 'waiting' || shownSteps.get(step) === state) return;
      shownSteps.set(step, state);
      this.#view.take({ kind: 'step', job, index, step: { ...step } });
    });
  }
}
