import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobEngine } from '../../src/engine/engine-session.ts';
import type { IsolationLevel } from '../../src/exec/isolation.ts';
import { type SettledIsolation, settleIsolation } from '../../src/exec/isolation-check.ts';
import { settleNetworks } from '../../src/exec/network/network-check.ts';
import { NetworkPool } from '../../src/exec/network/network-pool.ts';
import { ProcessGroup } from '../../src/exec/process-group.ts';
import { ownActionsOf } from '../../src/job/actions/builtin-actions.ts';
import { ActionStore } from '../../src/job/actions/store.ts';
import { containerPolicyOf } from '../../src/job/container-policy.ts';
import type { ProjectPlan } from '../../src/job/discovery/project-plan.ts';
import { fetchPolicyOf } from '../../src/job/fetch-policy.ts';
import type { JobInput, JobResult } from '../../src/job/input-and-result.ts';
import { runJob } from '../../src/job/job.ts';
import type { JobContext } from '../../src/job/job-context.ts';
import { JobTree } from '../../src/job/job-tree.ts';
import { KeptTrees } from '../../src/job/kept-trees.ts';
import { withLimit } from '../../src/job/outcome.ts';
import { jobPaths, makeJobFolders, openArea } from '../../src/job/sandbox/job-paths.ts';
import { gitLimitsOf, limitsOf } from '../../src/job/sandbox/limits-of-settings.ts';
import { makeWorkspace, type Workspace } from '../../src/job/sandbox/workspace.ts';
import { KeptInstalls } from '../../src/job/storage/kept-installs.ts';
import { TextWorker } from '../../src/job/texts/text-worker.ts';
import { type Config, loadConfig, type Overrides } from '../../src/kernel/config.ts';
import { dataPaths } from '../../src/kernel/data-paths.ts';
import { repositoryKey } from '../../src/kernel/names.ts';
import { networkPolicy } from '../../src/kernel/network-policy.ts';
import { trustOf } from '../../src/kernel/trust.ts';
import { jobText } from './job.ts';
import { noEngine } from './no-engine.ts';
import { TestRepository } from './repository.ts';
import { factsOf, PlannedBuild } from './workflows.ts';

/** Whether this machine supports the isolation level. */
export async function isIsolable(level: 'user' | 'sandbox'): Promise<boolean> {
  return settleIsolation(level).then(
    () => true,
    () => false,
  );
}

export interface IsolatedRun extends JobResult {
  log: string;
  workspace: Workspace;
}

/** A runner's data directory and isolated jobs, without any queue. */
export class IsolatedJobs {
  readonly dataDir: string;
  readonly actionsUrl: string;
  /** the reusable checkouts, if they are turned on */
  trees: KeptTrees | undefined;
  readonly #base: string;
  readonly #level: IsolationLevel;
  readonly #overrides: Overrides;
  /** for jobs in containers */
  engine: JobEngine = noEngine;
  /** answers jobs that ask for ID tokens */
  idToken: JobContext['idToken'];
  /** commit of the next job */
  ref = 'refs/heads/main';
  /** ends the next job when it aborts */
  signal = new AbortController().signal;
  /** variables that the repository's settings give to the next job */
  env: Record<string, string> = {};
  readonly #repositories: TestRepository[] = [];
  readonly #rooms: string[] = [];
  readonly #texts = new TextWorker();
  #count = 0;

  constructor(level: IsolationLevel, overrides: Overrides = {}) {
    this.#level = level;
    this.#overrides = overrides;
    this.#base = mkdtempSync(join(tmpdir(), 'volt-test-'));
    this.dataDir = join(this.#base, 'data');
    this.actionsUrl = join(this.#base, 'actions');
    mkdirSync(this.dataDir, { mode: 0o700 });
  }

  get config(): Config {
    return loadConfig({ ...this.#overrides, dataDir: this.dataDir, actionsUrl: this.actionsUrl });
  }

  repository(files: Record<string, string> = { 'a.txt': 'a\n' }): TestRepository {
    const repository = new TestRepository(files);
    this.#repositories.push(repository);
    return repository;
  }

  /** Runs one shell command, as the test of a repository. */
  command(command: string, repository = this.repository(), name = 'app'): Promise<IsolatedRun> {
    return this.#run({ kind: 'command', command }, repository, name);
  }

  /** Runs the tests that Volt finds in a repository. */
  discovered(repository: TestRepository, name = 'app'): Promise<IsolatedRun> {
    return this.#run({ kind: 'discover' }, repository, name);
  }

  /** Runs the tests that Volt finds in a repository, in an image. */
  inImage(image: string, repository: TestRepository): Promise<IsolatedRun> {
    return this.#run({ kind: 'image', image, from: 'file', plan: { kind: 'discover' } }, repository, 'app');
  }

  /** Runs the tests of a project that was found before the job began. */
  planned(plan: ProjectPlan, repository: TestRepository, name = 'app'): Promise<IsolatedRun> {
    return this.#run(plan, repository, name);
  }

  /** Runs steps of a workflow's job, as YAML below `steps:`. @param job further lines of the job */
  steps(steps: string, repository = this.repository(), name = 'app', job = ''): Promise<IsolatedRun> {
    const workflow = jobText(steps, job);
    const repo = { name, url: repository.path, defaultBranch: 'main' };
    const { plans } = new PlannedBuild(workflow, factsOf(undefined, { repo, sha: repository.head() }));
    return this.#run(JSON.parse(JSON.stringify(plans.test?.plan)), repository, name);
  }

  /** From now on jobs reuse what earlier ones have left. */
  async keepTrees(): Promise<void> {
    const places = jobPaths(this.#level, this.dataDir, 'box');
    makeJobFolders(this.dataDir, places);
    this.trees = await KeptTrees.open(places.trees, 1_073_741_824, (message) => {
      throw new Error(message);
    });
  }

  clean(): void {
    void this.#texts.close();
    for (const repository of this.#repositories.splice(0)) repository.remove();
    for (const folder of [this.#base, ...this.#rooms.splice(0)]) rmSync(folder, { recursive: true, force: true });
  }

  /** Networks take time to make, and most tests do not need one: by default jobs use the machine's. */
  async #networks(): Promise<NetworkPool> {
    const policy = networkPolicy(this.config);
    const settled = await settleNetworks(this.#overrides.sandboxNetwork === undefined ? 'none' : this.#level, policy);
    return new NetworkPool(settled, 0);
  }

  async #run(plan: JobInput['plan'], repository: TestRepository, name: string): Promise<IsolatedRun> {
    const { config } = this;
    const settledIsolation: SettledIsolation = await settleIsolation(this.#level);
    const { env, ref } = this;
    const repo = { name, url: repository.path, env };
    const trust = trustOf(ref, { defaultBranch: 'main', named: null });
    const networks = await this.#networks();
    const network = await networks.take({ key: name, trusted: true });
    const workspace = await makeWorkspace(config, settledIsolation, {
      ...{ repo, trust, runner: 'box', name: `${++this.#count}-1.1` },
      network: networks.kindFor(true),
    });
    // under `user` the jobs of a data directory have a separate area
    this.#rooms.push(this.#level === 'user' ? openArea(this.dataDir) : workspace.folder);
    const { isolation } = workspace.sandbox;
    const processes = await ProcessGroup.open(3600, settledIsolation.groupKind, {
      isolation,
      network,
      limits: limitsOf(config),
    });
    const chunks: Buffer[] = [];
    const tree = this.trees && new JobTree(this.trees, `${name} ${trust.class}`);
    const fetchPolicy = fetchPolicyOf(
      { ...config, actionsUrl: this.actionsUrl },
      { repo, trust },
      async () => undefined,
    );
    let result: JobResult;
    try {
      result = await runJob(
        { repo, ref, sha: repository.head(), trust, plan },
        {
          ...workspace,
          ...(tree && { tree }),
          mirrors: join(this.dataDir, 'mirrors'),
          fetchPolicy,
          gitLimits: gitLimitsOf(config),
          actions: new ActionStore(join(this.dataDir, 'actions'), this.actionsUrl, {
            fetchPolicy,
            limits: gitLimitsOf(config),
          }),
          ownActions: ownActionsOf(config.ownActions),
          containers: containerPolicyOf(config, { repo, trust }),
          caches: join(this.dataDir, 'caches', repositoryKey(repo)),
          artifacts: join(this.dataDir, 'artifacts', name),
          installs: new KeptInstalls(
            dataPaths(this.dataDir).installs,
            repositoryKey(repo),
            config.installLimit * 1_073_741_824,
          ),
          runner: 'box',
          engine: this.engine,
          idToken: this.idToken,
          texts: this.#texts.forJob(String(this.#count)),
          processes: Promise.resolve(processes),
          output: (chunk) => void chunks.push(Buffer.from(chunk)),
          progress: () => undefined,
          secrets: async () => ({ values: {}, withheld: null }),
          credential: async () => undefined,
          signal: this.signal,
        },
      );
    } finally {
      await processes.close();
      await tree?.end(processes.isEmpty ? join(workspace.folder, 'workspace') : undefined);
      workspace.leave();
      await networks.close();
    }
    const outcome = withLimit(result.outcome, processes.breach);
    return { ...result, outcome, log: Buffer.concat(chunks).toString(), workspace };
  }
}
