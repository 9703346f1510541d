import { join } from 'node:path';
import type { VoltError } from '../../kernel/errors.ts';
import type { JobImage } from '../../kernel/model.ts';
import type { GivenSecrets } from '../../secrets/delivery.ts';
import { callSecrets } from '../../workflow/call-secrets.ts';
import type { WorkflowPlan } from '../../workflow/plan.ts';
import type { Json } from '../../workflow/template.ts';
import { workflowEntries } from '../../workflow/workflow-entries.ts';
import { SearchBudget } from '../globs/search-budget.ts';
import type { IdTokenEndpoint } from '../id-token-endpoint.ts';
import type { JobInput } from '../input-and-result.ts';
import type { StepContext } from '../job-context.ts';
import type { JobLog } from '../log.ts';
import { JobAborted, type JobOutcome } from '../outcome.ts';
import type { Masker } from '../output/masker.ts';
import { Matchers } from '../output/matchers.ts';
import { containerFolders } from '../sandbox/sandbox-view.ts';
import type { TestSearch } from '../test-search.ts';
import { AnnotationBudget } from './annotation-budget.ts';
import { largestSummary } from './command-files.ts';
import { Evaluation } from './evaluation.ts';
import type { Frame } from './frame.ts';
import { MachineHost } from './machine-host.ts';
import { PathLookup } from './path-lookup.ts';
import type { StepHost } from './step-host.ts';
import { ValueBudget } from './value-budget.ts';
import { githubVariables, runnerContext, runnerVariables } from './variables.ts';

/** Milliseconds that steps may take together after a cancel or a timeout; as much as on GitHub. */
const defaultCleanupTime = 300_000;

/** The folders of one job; no other job has them. */
export interface JobFolders {
  root: string;
  workspace: string;
  temp: string;
  /** files in which steps write their results */
  commands: string;
  /** copies of actions of other repositories */
  actions: string;
  /** the home in containers, directly in the root like the others: there the job can put no link in its place */
  home: string;
  /** of the file with the event */
  event: string;
}

/** The containers of a job that has some. */
interface StartedContainers {
  /** where its steps run; `toolCache` is a folder of tools for them */
  readonly container: { host: StepHost; toolCache: string } | undefined;
  /** `container` and `services` of the `job` context */
  readonly context: Record<string, Json>;
  readonly services: Record<string, Json>;
}

/** The state that the steps of a workflow's job share. */
export class WorkflowState {
  readonly input: JobInput;
  readonly plan: WorkflowPlan;
  readonly context: StepContext;
  readonly folders: JobFolders;
  readonly log: JobLog;
  readonly search: TestSearch;
  readonly matchers = new Matchers();
  readonly annotations = new AnnotationBudget();
  readonly searchBudget = new SearchBudget();
  readonly valueBudget = new ValueBudget();
  readonly lookup: PathLookup;
  /** where steps run */
  host: StepHost;
  /** of its container */
  image: JobImage | undefined;
  /** `container` of the `job` context */
  container: Record<string, Json> = {};
  /** `services` of the `job` context */
  services: Record<string, Json> = {};
  /** environment of the workflow and the job, and variables that steps have set */
  env: Record<string, string> = {};
  /** folders that steps have added to the search path, the latest first */
  paths: string[] = [];
  /** bytes left for the summaries of steps */
  summaryRoom = 2 * largestSummary;
  status: 'success' | 'failure' | 'cancelled' = 'success';
  /** whether a command of the workflow or an action has begun */
  begun = false;
  /** where its processes ask for ID tokens; undefined where they may not */
  idTokens: IdTokenEndpoint | undefined;
  /** outcome of the first failure */
  outcome: JobOutcome | undefined;
  /** what Volt did for the job when the job's time limit ended it: then the limit is not the commit's failure */
  tooSlow: VoltError | undefined;
  /** ends the running step: the job's own signal or, during cleaning up, the end of the time for it */
  signal: AbortSignal;
  readonly debug: boolean;
  readonly #secrets: Record<string, string>;
  readonly #github: Record<string, Json>;
  #runner: Record<string, Json>;

  /** @param secrets by name in upper case; `values` are those of the repository */
  constructor(
    input: JobInput,
    plan: WorkflowPlan,
    { context, log, search }: { context: StepContext; log: JobLog; search: TestSearch },
    secrets: Pick<GivenSecrets, 'values' | 'environment'>,
  ) {
    this.input = input;
    this.plan = plan;
    this.context = context;
    this.log = log;
    this.search = search;
    this.signal = context.signal;
    this.lookup = new PathLookup(context);
    this.host = new MachineHost(context);
    const root = context.folder;
    this.folders = {
      root,
      workspace: join(root, 'workspace'),
      temp: join(root, 'temp'),
      commands: join(root, 'commands'),
      actions: join(root, 'actions'),
      home: join(root, containerFolders.home),
      event: join(root, containerFolders.event),
    };
    const { values, environment = {} } = secrets;
    this.#secrets = { ...callSecrets(plan.secrets.through, values, plan.contexts), ...environment };
    for (const value of [...Object.values(values), ...Object.values(this.#secrets)]) this.masker.add(value);
    this.debug = [this.#secrets.ACTIONS_STEP_DEBUG, plan.contexts.vars.ACTIONS_STEP_DEBUG].includes('true');
    this.#runner = runnerContext({
      name: context.runner,
      temp: this.folders.temp,
      toolCache: context.toolCache,
      workspace: root,
      debug: this.debug,
    });
    this.#github = {
      ...plan.contexts.github,
      workspace: this.folders.workspace,
      event_path: join(this.folders.event, 'event.json'),
      token: this.#secrets.GITHUB_TOKEN ?? '',
      job: plan.key,
    };
  }

  get masker(): Masker {
    return this.log.masker;
  }

  get github(): Readonly<Record<string, Json>> {
    return this.#github;
  }

  /** From now on steps see these containers, and run in that of the job if it has one. */
  enter({ container, services, context }: StartedContainers): void {
    this.container = context;
    this.services = services;
    if (!container) return;
    this.host = container.host;
    this.#runner = { ...this.#runner, tool_cache: container.toolCache };
  }

  /** Notes a failure. The first one determines the outcome of the job. */
  fail(outcome: JobOutcome): void {
    if (this.status === 'success') this.status = 'failure';
    this.outcome ??= outcome;
  }

  /**
   * After a cancel or a timeout, steps that run in any case get extra time, which begins now.
   * @returns false if the job is over at once
   */
  beginCleanup(): boolean {
    const { signal, cleanupTime } = this.context;
    const ending: unknown = signal.reason;
    if (!(ending instanceof JobAborted) || !ending.allowsCleanup) return false;
    if (this.signal === signal) {
      this.status = 'cancelled';
      this.outcome ??= ending.outcome;
      this.signal = AbortSignal.timeout(cleanupTime ?? defaultCleanupTime);
    }
    return true;
  }

  evaluation(frame: Frame, step: string): Evaluation {
    const { contexts } = this.plan;
    const { action } = frame;
    const workflow = workflowEntries(this.plan, this.input.sha);
    const own = action
      ? { inputs: action.inputs }
      : { inputs: contexts.inputs, secrets: this.#secrets, vars: contexts.vars, needs: contexts.needs };
    return new Evaluation(
      {
        ...own,
        github: { ...this.#github, ...this.#actionEntries(frame, step) },
        env: { ...this.env, ...action?.env },
        job: { status: this.status, container: this.container, services: this.services, ...workflow },
        matrix: contexts.matrix,
        runner: this.#runner,
        steps: frame.steps,
        strategy: contexts.strategy,
      },
      {
        // inside an action only its own steps count: one that cleans up after a cancel does so by ordinary steps
        success: () => (action ? !action.failed : this.status === 'success'),
        failure: () => (action ? action.failed : this.status === 'failure'),
        always: () => true,
        cancelled: () => this.status === 'cancelled',
      },
      { workspace: this.folders.workspace, budget: this.searchBudget, texts: this.context.texts },
    );
  }

  /**
   * The environment of a step's process.
   * @param env of the step itself
   */
  environment(frame: Frame, step: string, env: Readonly<Record<string, string>>): Record<string, string> {
    const merged: Record<string, string> = { ...this.host.env, ...this.env, ...frame.action?.env, ...env };
    const path = [...this.paths, merged.PATH].join(':');
    const github = githubVariables({ ...this.#github, ...this.#actionEntries(frame, step) });
    return { ...merged, PATH: path, ...github, ...runnerVariables(this.#runner), ...this.idTokens?.variables };
  }

  #actionEntries({ action }: Frame, step: string): Record<string, Json> {
    if (!action) return { action: step };
    const { path, source } = action;
    return {
      action: step,
      action_path: path,
      action_repository: source?.repository ?? '',
      action_ref: source?.ref ?? '',
    };
  }
}
