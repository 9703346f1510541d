import { mkdtemp, rm } from 'node:fs/promises';
import { arch, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mirror } from '../../git/mirror/mirror.ts';
import { type Snapshot, takeSnapshot } from '../../git/snapshot.ts';
import type { JobInput } from '../../job/input-and-result.ts';
import type { RunnerImages } from '../../job/runner-images.ts';
import type { Config } from '../../kernel/config.ts';
import { VoltError } from '../../kernel/errors.ts';
import type { FinalStatus } from '../../kernel/model.ts';
import { repositoryNameFrom } from '../../kernel/names.ts';
import { ownTrust } from '../../kernel/trust.ts';
import { hideCredentials } from '../../kernel/urls.ts';
import { type Outcome, verdictOf } from '../../kernel/verdict.ts';
import { readWorkflows } from '../../workflow/commit-workflows.ts';
import { type Diagnostic, formatDiagnostic } from '../../workflow/diagnostics.ts';
import { builtCommit, eventName } from '../../workflow/event.ts';
import type { WorkflowFile } from '../../workflow/files.ts';
import { parseHostedNames } from '../../workflow/runs-on.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import { decidedCommit } from '../discovery/decided-commit.ts';
import type { ExecEvent, ExecView } from './events.ts';
import { JobRunner } from './job-runner.ts';
import { JobSelection } from './job-selection.ts';
import { LocalBuild } from './local-build.ts';
import { runProjects, selectProjects, showProblem } from './project-run.ts';
import { readWithCalled } from './read-with-called.ts';
import { stepTitle } from './step-selection.ts';
import { type SelectedWorkflows, selectWorkflows, type WorkflowSelection } from './workflow-selection.ts';

/** Labels of any runner on this machine. */
const ownLabels: ReadonlySet<string> = new Set([platform(), arch()]);

export interface ExecOptions extends WorkflowSelection {
  jobs: readonly string[];
  steps: readonly string[];
  matrix: { [name: string]: string };
  secrets: { [name: string]: string };
  vars: { [name: string]: string };
  env: { [name: string]: string };
  /** for jobs that name none */
  images: RunnerImages;
  slots: number;
  /** show what would run, without running it */
  dryRun: boolean;
}

const success = { status: 'success', reason: null, message: null } as const;

/** A build of the work tree on this machine. */
export class ExecRun {
  readonly #config: Config;
  readonly #options: ExecOptions;
  readonly #view: ExecView;
  #runner: JobRunner | undefined;
  #build: LocalBuild | undefined;
  #isCancelled = false;
  /** number of jobs that were shown instead of run */
  #planned = 0;

  constructor(config: Config, options: ExecOptions, view: ExecView) {
    this.#config = config;
    this.#options = options;
    this.#view = view;
  }

  /** Cancels all jobs; steps that run in any case still run. */
  cancel(): void {
    this.#isCancelled = true;
    this.#build?.cancel({ status: 'cancelled', reason: 'by_user', message: 'interrupted' });
    this.#runner?.cancelAll();
  }

  /** Kills all processes. */
  kill(): void {
    this.cancel();
    this.#runner?.kill();
  }

  /**
   * @param root of the checkout
   * @param files its workflow files
   * @returns the status of the build
   */
  async run(root: string, files: readonly WorkflowFile[]): Promise<FinalStatus> {
    const folder = await mkdtemp(join(tmpdir(), 'volt-exec-'));
    const { secrets, env, images } = this.#options;
    this.#runner = new JobRunner(this.#config, this.#view, folder, { secrets, env, images });
    if (this.#isCancelled) this.#runner.cancelAll();
    try {
      const mirror = new Mirror(join(folder, 'mirrors'), root);
      const snapshot = await takeSnapshot(root, mirror.path);
      const outcome = await this.#runBuild(root, files, { snapshot, mirror }, this.#runner);
      const { status, reason, message } = outcome;
      if (this.#options.dryRun && status === 'success') this.#view.take({ kind: 'planned', jobs: this.#planned });
      else this.#view.take({ kind: 'end', status, reason, message });
      return status;
    } finally {
      await this.#runner.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  async #runBuild(
    root: string,
    files: readonly WorkflowFile[],
    { snapshot, mirror }: { snapshot: Snapshot; mirror: Mirror },
    runner: JobRunner,
  ): Promise<Outcome> {
    const { ref, sha, changed } = snapshot;
    const { jobs, steps, slots, dryRun, vars, matrix, env, images, workflow: wanted, payload } = this.#options;
    const name = repositoryNameFrom(root);
    const input = { repo: { name, url: root }, ref, sha, trust: ownTrust };
    // a person who names a workflow or an event means workflows
    const decision =
      wanted === undefined && (files.length === 0 || this.#options.event === undefined)
        ? (await decidedCommit(mirror, sha)).decision
        : undefined;
    if (decision && (decision.kind !== 'workflows' || files.length === 0)) {
      if (steps.length > 0) {
        throw new VoltError('not_found', 'steps can be chosen in workflows only', {
          remedy: 'Run `volt exec` without --step; it runs the discovered tests.',
        });
      }
      this.#view.take({ kind: 'build', ref, sha, changed, event: 'push', workflows: [] });
      if (decision.kind !== 'jobs') return decision.kind === 'error' ? showProblem(this.#view, decision) : success;
      const selected = selectProjects(decision.jobs, jobs);
      const timeout = this.#config.jobTimeout;
      if (!dryRun) return runProjects(selected, input, runner, { slots, ownLabels, timeout, image: images.usual });
      selected.forEach(({ name: job, plan, labels }, index) => {
        const shown = plan.project.steps.map(({ command }) => ({ title: command, runs: true }));
        this.#show({ job: index + 1, name: job, workflow: null, labels, steps: shown, unknown: null });
      });
      return success;
    }
    const { before, subject, author, committedAt, origin, defaultBranch } = snapshot;
    const unchecked = readWorkflows(files);
    const wrong = unchecked.diagnostics.filter(({ file }) => wanted === undefined || isNamed(files, file, wanted));
    if (wanted !== undefined && invalidJobs(wrong).length > 0) return verdictOf(invalidJobs(wrong));
    const choice = selectIfValid(unchecked.workflows, this.#options, snapshot, invalidJobs(wrong).length > 0);
    if (!choice) return verdictOf(invalidJobs(wrong));
    const { event } = choice;
    const read = await readWithCalled(this.#config, { files, choice, url: origin ?? root });
    const isRunning = (file: string) => choice.workflows.some(({ path }) => path === file);
    const missing = read.diagnostics.filter(({ file, elsewhere }) => elsewhere && isRunning(file));
    const invalid = invalidJobs([...wrong, ...missing]);
    const workflows = [...read.workflows, ...read.called];
    const running = read.workflows.filter(({ path }) => isRunning(path));
    const paths = running.map(({ path }) => path);
    this.#view.take({ kind: 'build', ref, sha, changed, event: eventName(event), workflows: paths });
    invalid.forEach(({ name: file, status, reason, message }, index) => {
      const job = index + 1;
      this.#view.take({ kind: 'job', job, name: file, workflow: null, status, reason, message, outputs: {} });
    });
    const facts = {
      // each run has its own `github.run_id`
      ...{ build: String(Date.now()), number: 1, before, subject, author, committedAt, event, vars },
      ...builtCommit(event, { ref, sha }),
      repo: { name, url: origin === null ? root : hideCredentials(origin), defaultBranch },
      ...(payload && { payload }),
    };
    const build = new LocalBuild({
      ...{ facts, workflows, running, env, taken: invalid.length },
      selection: new JobSelection({ facts, workflows, running, jobs, steps, matrix }),
      settings: {
        timeoutMinutes: this.#config.jobTimeout,
        hosted: parseHostedNames(this.#config.hostedLabels),
        offered: ownLabels,
      },
      decided: (job, title, { status, reason, message }) => {
        // its name or matrix may depend on outputs of jobs that did not run
        if (dryRun && status === 'error')
          this.#show({ job, name: title, workflow: null, labels: [], steps: [], unknown: message });
        else this.#view.take({ kind: 'job', job, name: title, workflow: null, status, reason, message, outputs: {} });
      },
    });
    this.#build = build;
    if (dryRun) this.#showAll(build);
    else await this.#runAll(build, (plan, labels) => ({ ...input, plan, labels }), runner);
    if (!this.#isCancelled) build.check();
    if (!dryRun) return verdictOf([...invalid, ...build.results]);
    return invalid.length > 0 ? verdictOf(invalid) : success;
  }

  /** Shows each job as if those before it had succeeded without outputs. */
  #showAll(build: LocalBuild): void {
    for (let job = build.next(); job; job = build.next()) {
      const { id, name, workflow, labels, plan } = job;
      const steps = plan.steps.map((step) => ({ title: stepTitle(step), runs: step.if !== 'false' }));
      this.#show({ job: id, name, workflow, labels, steps, unknown: null });
      build.end(id, { outcome: { status: 'success', reason: null, message: null, exitCode: 0 }, outputs: {} });
    }
  }

  #show(plan: Omit<Extract<ExecEvent, { kind: 'plan' }>, 'kind'>): void {
    if (plan.unknown === null) this.#planned++;
    this.#view.take({ kind: 'plan', ...plan });
  }

  async #runAll(
    build: LocalBuild,
    inputOf: (plan: JobInput['plan'], labels: readonly string[]) => JobInput,
    runner: JobRunner,
  ): Promise<void> {
    const underway = new Set<Promise<void>>();
    for (;;) {
      while (underway.size < this.#options.slots) {
        const job = build.next();
        if (!job) break;
        const { id, name, workflow, labels, plan } = job;
        const missingLabels = labels.filter((label) => !ownLabels.has(label));
        const work = runner
          .run({ id, name, workflow, missingLabels }, inputOf(plan, labels), plan.timeoutMinutes)
          .then((result) => {
            for (const other of build.end(id, result)) runner.cancel(other.id, other.message);
          });
        const done = work.finally(() => underway.delete(done));
        underway.add(done);
      }
      if (underway.size === 0) return;
      await Promise.race(underway);
    }
  }
}

function isNamed(files: readonly WorkflowFile[], file: string, wanted: string): boolean {
  const path = wanted.replace(/^\.\//, '');
  return file === path || (file.endsWith(`/${path}`) && !files.some((other) => other.path === path));
}

/** Invalid files as failed jobs: as in a build, each is shown, and the other workflows run. */
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

/** @returns undefined if no valid workflow runs, but an invalid one may have been meant */
function selectIfValid(
  workflows: readonly Workflow[],
  selection: WorkflowSelection,
  tree: Snapshot,
  faulty: boolean,
): SelectedWorkflows | undefined {
  try {
    return selectWorkflows(workflows, selection, tree);
  } catch (error) {
    if (faulty && error instanceof VoltError && error.code === 'not_found') return undefined;
    throw error;
  }
}
