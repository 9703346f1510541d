import { mkdtemp, rm } from 'node:fs/promises';
import { arch, platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mirror } from '../../git/mirror/mirror.ts';
import { type Snapshot, takeSnapshot } from '../../git/snapshot.ts';
import type { Decision, ProjectJob } from '../../job/discovery/decide.ts';
import type { JobInput } from '../../job/input-and-result.ts';
import type { RunnerImages } from '../../job/runner-images.ts';
import type { Config } from '../../kernel/config.ts';
import { VoltError } from '../../kernel/errors.ts';
import type { FinalStatus } from '../../kernel/model.ts';
import { repositoryNameFrom } from '../../kernel/names.ts';
import { ownTrust } from '../../kernel/trust.ts';
import { hideCredentials } from '../../kernel/urls.ts';
import { type Outcome, verdictOf } from '../../kernel/verdict.ts';
import { builtCommit, eventName } from '../../workflow/event.ts';
import type { WorkflowFile } from '../../workflow/files.ts';
import { parseHostedNames } from '../../workflow/runs-on.ts';
import { decidedCommit } from '../discovery/decided-commit.ts';
import type { ExecEvent, ExecView } from './events.ts';
import { JobRunner } from './job-runner.ts';
import { JobSelection } from './job-selection.ts';
import { LocalBuild } from './local-build.ts';
import { runProjects, selectProjects, showProblem } from './project-run.ts';
import { type RunningWorkflows, runningWorkflows } from './running-workflows.ts';
import { stepTitle } from './step-selection.ts';
import type { WorkflowSelection } from './workflow-selection.ts';

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
    const { ref, sha } = snapshot;
    const { workflow, event } = this.#options;
    const input = { repo: { name: repositoryNameFrom(root), url: root }, ref, sha, trust: ownTrust };
    // a person who names a workflow or an event means workflows
    if (workflow === undefined && (files.length === 0 || event === undefined)) {
      const { decision } = await decidedCommit(mirror, sha);
      if (decision.kind !== 'workflows' || files.length === 0)
        return this.#runTests(decision, snapshot, (jobs, image) => {
          const { slots } = this.#options;
          const timeout = this.#config.jobTimeout;
          return runProjects(jobs, input, runner, { slots, ownLabels, timeout, image });
        });
    }
    return this.#runWorkflows(root, files, snapshot, (build) =>
      this.#runAll(build, (plan, labels) => ({ ...input, plan, labels }), runner),
    );
  }

  /** Runs the tests that were found. */
  async #runTests(
    decision: Decision,
    { ref, sha, changed }: Snapshot,
    run: (jobs: readonly ProjectJob[], image: string | undefined) => Promise<Outcome>,
  ): Promise<Outcome> {
    const { jobs, steps, dryRun, images } = this.#options;
    if (steps.length > 0) {
      throw new VoltError('not_found', 'steps can be chosen in workflows only', {
        remedy: 'Run `volt exec` without --step; it runs the discovered tests.',
      });
    }
    this.#view.take({ kind: 'build', ref, sha, changed, event: 'push', workflows: [] });
    if (decision.kind !== 'jobs') return decision.kind === 'error' ? showProblem(this.#view, decision) : success;
    const selected = selectProjects(decision.jobs, jobs);
    if (!dryRun) return run(selected, images.usual);
    selected.forEach(({ name: job, plan, labels }, index) => {
      const shown = plan.project.steps.map(({ command }) => ({ title: command, runs: true }));
      this.#show({ job: index + 1, name: job, workflow: null, labels, steps: shown, unknown: null });
    });
    return success;
  }

  async #runWorkflows(
    root: string,
    files: readonly WorkflowFile[],
    tree: Snapshot,
    runAll: (build: LocalBuild) => Promise<void>,
  ): Promise<Outcome> {
    const { ref, sha, changed, origin } = tree;
    const { dryRun } = this.#options;
    const found = await runningWorkflows(this.#config, this.#options, { files, tree, url: origin ?? root });
    const { chosen, invalid } = found;
    if (!chosen) return verdictOf(invalid);
    const paths = chosen.running.map(({ path }) => path);
    this.#view.take({ kind: 'build', ref, sha, changed, event: eventName(chosen.event), workflows: paths });
    invalid.forEach(({ name: file, ...outcome }, index) => {
      this.#view.take({ kind: 'job', job: index + 1, name: file, workflow: null, ...outcome, outputs: {} });
    });
    const build = this.#newBuild(root, chosen, tree, invalid.length);
    this.#build = build;
    if (dryRun) this.#showAll(build);
    else await runAll(build);
    if (!this.#isCancelled) build.check();
    if (!dryRun) return verdictOf([...invalid, ...build.results]);
    return invalid.length > 0 ? verdictOf(invalid) : success;
  }

  /** @param taken number of job numbers that are taken */
  #newBuild(root: string, { event, workflows, running }: RunningWorkflows, tree: Snapshot, taken: number): LocalBuild {
    const { before, subject, author, committedAt, origin, defaultBranch } = tree;
    const { jobs, steps, vars, matrix, env, payload, dryRun } = this.#options;
    const facts = {
      // each run has its own `github.run_id`
      ...{ build: String(Date.now()), number: 1, before, subject, author, committedAt, event, vars },
      ...builtCommit(event, tree),
      repo: { name: repositoryNameFrom(root), url: origin === null ? root : hideCredentials(origin), defaultBranch },
      ...(payload && { payload }),
    };
    return new LocalBuild({
      ...{ facts, workflows, running, env, taken },
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
