import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { arch, platform, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { detectContainment } from '../../exec/containment.ts';
import { Scope } from '../../exec/scope.ts';
import { Mirror } from '../../git/mirror.ts';
import { ownReach } from '../../git/reach.ts';
import { type Snapshot, takeSnapshot } from '../../git/snapshot.ts';
import { ownActionsOf } from '../../job/actions/served.ts';
import { ActionStore } from '../../job/actions/store.ts';
import type { JobInput, JobResult } from '../../job/contract.ts';
import { cancelled, timedOut } from '../../job/ending.ts';
import { Enclosure } from '../../job/isolation/enclosure.ts';
import { runJob } from '../../job/job.ts';
import { pruneCaches } from '../../job/storage/caches.ts';
import { TextWorker } from '../../job/texts/text-worker.ts';
import type { Config } from '../../kernel/config.ts';
import { dataPaths } from '../../kernel/data-paths.ts';
import { jobEnvironment } from '../../kernel/environment.ts';
import { VoltError } from '../../kernel/errors.ts';
import type { FinalStatus, Step } from '../../kernel/model.ts';
import { repositoryKey, repositoryNameFrom } from '../../kernel/names.ts';
import { ownTrust } from '../../kernel/trust.ts';
import { hideCredentials } from '../../kernel/urls.ts';
import { longestTimer } from '../../kernel/wait.ts';
import { type Outcome, verdictOf } from '../../record/verdict.ts';
import { type Diagnostic, formatDiagnostic } from '../../workflow/diagnostics.ts';
import { readWorkflows } from '../../workflow/read-all.ts';
import { parseHostedNames } from '../../workflow/runs-on.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import { checkoutAround, filesOf } from '../workflow-files.ts';
import { type Choice, choose, type Wish } from './choice.ts';
import type { ExecView } from './events.ts';
import { LocalBuild } from './local-build.ts';
import { Wanted } from './wanted.ts';

/** Seconds that a job's processes live on without word from us; a person may have stopped us at the terminal for long. */
const patience = 604_800;

/** Labels that a runner on this machine has by itself. */
const ownLabels: ReadonlySet<string> = new Set([platform(), arch()]);

export interface ExecOptions extends Wish {
  job?: string;
  matrix?: { [name: string]: string };
  secret?: { [name: string]: string };
  var?: { [name: string]: string };
  slots: number;
}

/** A build of the work tree, here and now. */
export class Exec {
  readonly #config: Config;
  readonly #options: ExecOptions;
  readonly #view: ExecView;
  readonly #running = new Map<number, { stop: AbortController; scope: Promise<Scope> }>();
  #build: LocalBuild | undefined;
  #cancelled = false;

  readonly #texts = new TextWorker();

  constructor(config: Config, options: ExecOptions, view: ExecView) {
    this.#config = config;
    this.#options = options;
    this.#view = view;
  }

  /** Ends what runs; steps that are to be run in any case still are. */
  cancel(): void {
    this.#cancelled = true;
    this.#build?.cancel({ status: 'cancelled', reason: 'by_user', message: 'interrupted' });
    for (const { stop } of this.#running.values()) stop.abort(cancelled('interrupted'));
  }

  /** Ends everything at once. */
  kill(): void {
    this.cancel();
    for (const { scope } of this.#running.values()) void scope.then((opened) => opened.close()).catch(() => undefined);
  }

  /** @returns what the build came to */
  async run(): Promise<FinalStatus> {
    const root = checkoutAround(process.cwd());
    const folder = await mkdtemp(join(tmpdir(), 'volt-exec-'));
    try {
      const mirrors = join(folder, 'mirrors');
      const snapshot = await takeSnapshot(root, new Mirror(mirrors, root).path);
      const outcome = await this.#runBuild(root, folder, mirrors, snapshot);
      const { status, reason, message } = outcome;
      this.#view.take({ kind: 'end', status, reason, message });
      return status;
    } finally {
      await this.#texts.close();
      await this.#pruneCaches();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  /** No runner may ever look after the folder. */
  async #pruneCaches(): Promise<void> {
    const { caches } = dataPaths(this.#config.dataDir);
    const folders = (await readdir(caches).catch(() => [])).map((name) => join(caches, name));
    await pruneCaches(folders, this.#config.cacheLimit * 1_073_741_824, false, Date.now()).catch(() => undefined);
  }

  async #runBuild(root: string, folder: string, mirrors: string, snapshot: Snapshot): Promise<Outcome> {
    const files = filesOf(root);
    const { ref, sha, changed } = snapshot;
    const name = repositoryNameFrom(root);
    const input = { repo: { name, url: root }, ref, sha, trust: ownTrust };
    if (files.length === 0 && this.#options.workflow === undefined) {
      this.#view.take({ kind: 'build', ref, sha, changed, event: 'push', workflows: [] });
      const plan = { kind: 'discover' } as const;
      const shown = { name: 'test', workflow: null, missingLabels: [] };
      return (await this.#runJob(1, shown, { ...input, plan }, folder, mirrors, this.#config.jobTimeout)).outcome;
    }
    const { workflows, diagnostics } = readWorkflows(files);
    const wanted = this.#options.workflow;
    const invalid = invalidJobs(
      diagnostics.filter(({ file }) => wanted === undefined || file === wanted || file.endsWith(`/${wanted}`)),
    );
    if (wanted !== undefined && invalid.length > 0) return verdictOf(invalid);
    const choice = chosen(workflows, this.#options, ref, invalid.length > 0);
    if (!choice) return verdictOf(invalid);
    const running = choice.workflows;
    this.#view.take({
      kind: 'build',
      ref,
      sha,
      changed,
      event: choice.event.name,
      workflows: running.map(({ path }) => path),
    });
    invalid.forEach(({ name: file, status, reason, message }, index) => {
      const job = index + 1;
      this.#view.take({ kind: 'job', job, name: file, workflow: null, status, reason, message, outputs: {} });
    });
    const { before, subject, author, committedAt, origin, defaultBranch } = snapshot;
    const { job, matrix = {} } = this.#options;
    const build = new LocalBuild({
      facts: {
        ...{ build: '1', number: 1, ref, sha, before, subject, author, committedAt, event: choice.event },
        repo: { name, url: origin === null ? root : hideCredentials(origin), defaultBranch },
        vars: this.#options.var ?? {},
      },
      ...{ workflows, running, wanted: new Wanted({ workflows, running, job, matrix }), taken: invalid.length },
      settings: {
        timeoutMinutes: this.#config.jobTimeout,
        hosted: parseHostedNames(this.#config.hostedLabels),
        offered: ownLabels,
      },
      decided: (id, title, { status, reason, message }) =>
        this.#view.take({ kind: 'job', job: id, name: title, workflow: null, status, reason, message, outputs: {} }),
    });
    this.#build = build;
    await this.#runAll(build, (plan) => ({ ...input, plan }), folder, mirrors);
    if (!this.#cancelled) build.check();
    return verdictOf([...invalid, ...build.results]);
  }

  async #runAll(
    build: LocalBuild,
    inputOf: (plan: JobInput['plan']) => JobInput,
    folder: string,
    mirrors: string,
  ): Promise<void> {
    const underway = new Set<Promise<void>>();
    for (;;) {
      while (underway.size < this.#options.slots) {
        const job = build.next();
        if (!job) break;
        const { id, name, workflow, labels, plan } = job;
        const missingLabels = labels.filter((label) => !ownLabels.has(label));
        const shown = { name, workflow, missingLabels };
        const work = this.#runJob(id, shown, inputOf(plan), folder, mirrors, plan.timeoutMinutes).then((result) => {
          for (const other of build.end(id, result)) this.#running.get(other.id)?.stop.abort(cancelled(other.message));
        });
        const done = work.finally(() => underway.delete(done));
        underway.add(done);
      }
      if (underway.size === 0) return;
      await Promise.race(underway);
    }
  }

  async #runJob(
    id: number,
    { name, workflow, missingLabels }: { name: string; workflow: string | null; missingLabels: string[] },
    input: JobInput,
    folder: string,
    mirrors: string,
    minutes: number,
  ): Promise<JobResult> {
    const stop = new AbortController();
    const scope = detectContainment().then((kind) => Scope.open(patience, kind));
    this.#running.set(id, { stop, scope });
    if (this.#cancelled) stop.abort(cancelled('interrupted'));
    const timer = setTimeout(() => stop.abort(timedOut(minutes)), Math.min(minutes * 60_000, longestTimer));
    const paths = dataPaths(this.#config.dataDir);
    const own = join(folder, 'jobs', String(id));
    this.#view.take({ kind: 'job', job: id, name, workflow, status: 'running', missingLabels });
    const told = new Map<Step, string>();
    const decoder = new TextDecoder();
    try {
      const result = await runJob(input, {
        ...{ folder: own, mirrors, scope, signal: stop.signal, env: jobEnvironment(), runner: 'exec' },
        // it is the person's own checkout, and their tools and caches are meant to be used
        enclosure: Enclosure.none,
        reach: ownReach,
        gitLimits: {},
        actions: new ActionStore(paths.actions, this.#config.actionsUrl, { reach: ownReach, limits: {} }),
        ownActions: ownActionsOf(this.#config.ownActions),
        caches: join(paths.caches, repositoryKey(input.repo)),
        artifacts: join(folder, 'artifacts'),
        texts: this.#texts.forJob(String(id)),
        toolCache: resolve(this.#config.toolCache ?? paths.tools),
        output: (chunk) => this.#view.take({ kind: 'output', job: id, text: decoder.decode(chunk, { stream: true }) }),
        progress: (steps) => this.#tellSteps(id, steps, told),
        secrets: async () => ({ values: this.#options.secret ?? {}, withheld: null }),
        credential: async () => undefined,
      });
      const { status, reason, message } = result.outcome;
      this.#view.take({ kind: 'job', job: id, name, workflow, status, reason, message, outputs: result.outputs });
      return result;
    } finally {
      clearTimeout(timer);
      this.#running.delete(id);
      await scope.then((opened) => opened.close()).catch(() => undefined);
      await rm(own, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  #tellSteps(job: number, steps: readonly Step[], told: Map<Step, string>): void {
    steps.forEach((step, index) => {
      const state = `${step.status} ${step.name}`;
      if (step.status === 'waiting' || told.get(step) === state) return;
      told.set(step, state);
      this.#view.take({ kind: 'step', job, index, step: { ...step } });
    });
  }
}

/** Files that are invalid, as jobs that cannot be run: as in a build, each is shown, and the other workflows run. */
function invalidJobs(diagnostics: readonly Diagnostic[]): (Outcome & { name: string })[] {
  const invalid = diagnostics.filter(({ severity }) => severity === 'invalid');
  return [...new Set(invalid.map(({ file }) => file))].map((name) => {
    const message = invalid
      .filter(({ file }) => file === name)
      .map(formatDiagnostic)
      .join('\n');
    return { name, status: 'error', reason: 'invalid_workflow', message };
  });
}

/** @returns undefined where no valid workflow runs, while there are invalid ones that may have been meant */
function chosen(workflows: readonly Workflow[], wish: Wish, ref: string, faulty: boolean): Choice | undefined {
  try {
    return choose(workflows, wish, ref);
  } catch (error) {
    if (faulty && error instanceof VoltError && error.code === 'not_found') return undefined;
    throw error;
  }
}
