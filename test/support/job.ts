import { join } from 'node:path';
import { detectGroupKind } from '../../src/exec/group-kind.ts';
import { ProcessGroup } from '../../src/exec/process-group.ts';
import { ownActionsOf } from '../../src/job/actions/builtin-actions.ts';
import { ActionStore } from '../../src/job/actions/store.ts';
import { containerPolicyOf } from '../../src/job/container-policy.ts';
import { fetchPolicyOf } from '../../src/job/fetch-policy.ts';
import type { JobInput, JobResult } from '../../src/job/input-and-result.ts';
import { runJob } from '../../src/job/job.ts';
import type { JobContext } from '../../src/job/job-context.ts';
import { JobIsolation } from '../../src/job/sandbox/job-isolation.ts';
import { gitLimitsOf } from '../../src/job/sandbox/limits-of-settings.ts';
import { TextWorker } from '../../src/job/texts/text-worker.ts';
import { loadConfig } from '../../src/kernel/config.ts';
import type { Step } from '../../src/kernel/model.ts';
import { trustOf } from '../../src/kernel/trust.ts';
import { jobEnvironment } from '../../src/system/environment.ts';
import type { BuildFacts } from '../../src/workflow/event.ts';
import type { WorkflowPlan } from '../../src/workflow/plan.ts';
import { TestFolders } from './folder.ts';
import { noEngine } from './no-engine.ts';
import { TestRepository } from './repository.ts';
import { factsOf, PlannedBuild } from './workflows.ts';

/** The result of a workflow's job that ran in the test, without any queue. */
export interface StartedJob {
  ended: Promise<JobResult>;
  stop: AbortController;
  log(): string;
  /** as the job reported them */
  told: Step[][];
  folder: string;
  workspace: string;
  processes: Promise<ProcessGroup>;
}

/** Runs jobs of workflows that are given as text, each in a repository of its own. */
export class TestJobs {
  readonly folders = new TestFolders();
  /** where actions come from: `<owner>/<name>` below this folder */
  readonly actionsUrl = this.folders.make();
  readonly #mirrors = this.folders.make();
  readonly #actions = this.folders.make();
  readonly #caches = this.folders.make();
  readonly #artifacts = this.folders.make();
  readonly #repositories: TestRepository[] = [];
  readonly #scopes: Promise<ProcessGroup>[] = [];
  #texts = new TextWorker();
  #started = 0;

  /** Ends and removes what a test has left behind. */
  async clean(): Promise<void> {
    for (const processes of this.#scopes.splice(0))
      await processes.then((opened) => opened.close()).catch(() => undefined);
    for (const repository of this.#repositories.splice(0)) repository.remove();
    await this.#texts.close();
    this.#texts = new TextWorker();
  }

  repository(files: Record<string, string> = { 'a.txt': 'a\n' }): TestRepository {
    const repository = new TestRepository(files);
    this.#repositories.push(repository);
    return repository;
  }

  /** An action's repository, at the path where jobs look for it. */
  action(name: string, files: Record<string, string>): TestRepository {
    const repository = new TestRepository(files, { at: join(this.actionsUrl, name) });
    this.#repositories.push(repository);
    return repository;
  }

  /** The plans, by job name, of those jobs of a workflow that need no other. */
  plans(
    workflow: string,
    repository: TestRepository,
    facts: Partial<BuildFacts> = {},
  ): { [name: string]: WorkflowPlan } {
    const repo = { name: 'app', url: repository.path, defaultBranch: 'main' };
    const build = new PlannedBuild(workflow, factsOf(undefined, { repo, sha: repository.head(), ...facts }));
    if (Object.keys(build.decisions).length > 0) throw new Error(JSON.stringify(build.decisions));
    return Object.fromEntries(
      Object.entries(build.plans).map(([name, { plan }]) => [name, JSON.parse(JSON.stringify(plan))]),
    );
  }

  start(
    plan: WorkflowPlan,
    repository: TestRepository,
    around: Partial<JobContext> = {},
    { ref = 'refs/heads/main', repeatable, ...commit }: Pick<RunOptions, 'ref' | 'repeatable'> & BuiltCommit = {},
  ): StartedJob {
    const stop = new AbortController();
    const chunks: Buffer[] = [];
    const told: Step[][] = [];
    const processes = detectGroupKind().then((kind) => ProcessGroup.open(3600, kind));
    this.#scopes.push(processes);
    const folder = join(this.folders.make(), 'job');
    const input = {
      repo: { name: 'app', url: repository.path },
      ref,
      sha: repository.head(),
      ...commit,
      trust: trustOf(ref, { defaultBranch: 'main', named: null }),
      plan,
      repeatable,
    };
    const config = loadConfig({ actionsUrl: this.actionsUrl });
    const fetchPolicy = around.fetchPolicy ?? fetchPolicyOf(config, input, async () => undefined);
    const ended = runJob(input, {
      folder,
      mirrors: this.#mirrors,
      fetchPolicy,
      gitLimits: gitLimitsOf(config),
      actions: new ActionStore(this.#actions, this.actionsUrl, { fetchPolicy, limits: gitLimitsOf(config) }),
      toolCache: this.folders.make(),
      ownActions: ownActionsOf(loadConfig().ownActions),
      containers: containerPolicyOf(config, input),
      caches: this.#caches,
      artifacts: this.#artifacts,
      runner: 'box',
      texts: this.#texts.forJob(String(++this.#started)),
      sandbox: JobIsolation.none,
      secrets: async () => ({ values: {}, withheld: null }),
      credential: async () => undefined,
      env: jobEnvironment(),
      processes,
      engine: noEngine,
      output: (chunk) => void chunks.push(Buffer.from(chunk)),
      progress: (steps) => told.push(structuredClone(steps)),
      signal: stop.signal,
      ...around,
    });
    return {
      ended,
      stop,
      log: () => Buffer.concat(chunks).toString(),
      told,
      folder,
      workspace: join(folder, 'workspace'),
      processes,
    };
  }

  /**
   * Runs a workflow with one job of these steps to its end.
   * @param steps YAML of the list, as below `steps:`
   */
  async run(
    steps: string,
    { repository = this.repository(), job = '', head = '', around = {}, facts = {}, ...rest }: RunOptions = {},
  ): Promise<JobResult & { log: string; told: Step[][]; folder: string; workspace: string }> {
    const plan = this.plans(jobText(steps, job, head), repository, {
      ...facts,
      ...(rest.ref && { ref: rest.ref }),
    }).test;
    if (!plan) throw new Error('the workflow has no job "test" that can run');
    const started = this.start(plan, repository, around, rest);
    return {
      ...(await started.ended),
      log: started.log(),
      told: started.told,
      folder: started.folder,
      workspace: started.workspace,
    };
  }
}

/** What is checked out; by default the newest commit. */
type BuiltCommit = Partial<Pick<JobInput, 'sha' | 'merge' | 'trustRules'>>;

export interface RunOptions {
  repository?: TestRepository;
  /** further lines of the job */
  job?: string;
  /** further lines of the workflow */
  head?: string;
  around?: Partial<JobContext>;
  facts?: Partial<BuildFacts>;
  /** ref of the commit; by default the main branch */
  ref?: string;
  repeatable?: boolean;
}

/** The text of a workflow with one job. */
export function jobText(steps: string, job = '', head = ''): string {
  const indent = (text: string, by: string) => text.replace(/^\n+|\s+$/g, '').replace(/^(?=.)/gm, by);
  return `on: [push, pull_request]\n${head}\njobs:\n  test:\n    runs-on: ubuntu-latest\n${indent(job, '    ')}\n    steps:\n${indent(steps, '      ')}\n`;
}

/** The results of steps, in short. */
export function short(steps: readonly Step[]): [name: string, status: string, exitCode: number | null][] {
  return steps.map(({ name, status, exitCode }) => [name, status, exitCode]);
}
