import type { Permissions } from './permissions.ts';
import type { PlannedStep } from './plan.ts';
import type { Template, TemplateMap, Templates, ValueTemplate } from './template.ts';

/** The origin of a workflow of another repository. */
export interface WorkflowSource {
  /** `owner/name` */
  repository: string;
  ref: string;
  sha: string;
  /** whether `secrets: inherit` passes it the secrets of the repository that is built */
  inherits: boolean;
}

/** A workflow file that was read and checked: plain JSON, from which builds are planned. */
export interface Workflow {
  /**
   * path in the repository, for example `.github/workflows/test.yml`; for another repository with its name and the ref,
   * for example `acme/ci/.github/workflows/test.yml@v1`
   */
  path: string;
  /** set for a called workflow of another repository */
  source?: WorkflowSource;
  /** the name in the file, else its path */
  name: string;
  runName?: Template;
  on: Triggers;
  env: Templates;
  defaults: RunDefaults;
  concurrency?: Concurrency;
  /** of its jobs that have none of their own; absent if the file has none */
  permissions?: Permissions;
  /** in the order of the file */
  jobs: WorkflowJob[];
}

export interface Triggers {
  push?: PushFilter;
  schedule?: Schedule[];
  workflow_dispatch?: { inputs: InputDefinition[] };
  workflow_call?: CallInterface;
  /** `types` is absent if every type counts */
  repository_dispatch?: { types?: string[] };
  pull_request?: PullRequestFilter;
  pull_request_target?: PullRequestFilter;
  merge_group?: PullRequestFilter;
  workflow_run?: WorkflowRunFilter;
  /** other events of a forge, for example `release`; `types` is absent if every type counts */
  others: { event: string; types?: string[] }[];
}

export interface Schedule {
  cron: string;
  /** UTC if absent */
  timezone?: string;
}

/** Patterns in the grammar of filters.ts; an absent list filters nothing. */
export interface PushFilter {
  branches?: string[];
  branchesIgnore?: string[];
  tags?: string[];
  tagsIgnore?: string[];
  paths?: string[];
  pathsIgnore?: string[];
}

/** Filters for pull requests: base branch, changed paths and activity types. */
export interface PullRequestFilter extends PushFilter {
  /** if absent, GitHub's three: opened, synchronize, reopened; merge groups have one alone */
  types?: string[];
}

/** Filters for runs of other workflows: the branch that these ran for, their names and phases; absent ones filter nothing. */
export interface WorkflowRunFilter extends PushFilter {
  workflows?: string[];
  types?: string[];
}

export interface InputDefinition {
  name: string;
  /** for people who fill in a form */
  description?: string;
  type: 'string' | 'boolean' | 'number' | 'choice' | 'environment';
  required: boolean;
  default?: Template;
  /** for the type choice */
  options?: string[];
}

/** Inputs, secrets and outputs of a called workflow. */
export interface CallInterface {
  inputs: InputDefinition[];
  secrets: { name: string; required: boolean }[];
  /** values, evaluated with the outputs of its jobs */
  outputs: TemplateMap;
}

export interface RunDefaults {
  shell?: Template;
  workingDirectory?: Template;
  /** the entries by name, if expressions make them */
  run?: Templates;
}

export interface Concurrency {
  group: Template;
  cancelInProgress: Template;
}

export interface Strategy {
  matrix?: ValueTemplate;
  failFast: Template;
  maxParallel?: Template;
  /** the whole strategy, if expressions make it */
  whole?: ValueTemplate;
}

/** What a job deploys to; the name may be the whole mapping, if one expression makes it. */
export interface Environment {
  name: ValueTemplate;
  /** evaluated at the end of the job */
  url?: Template;
}

/** A location in a file; both numbers begin at 1. */
export interface FileLocation {
  line: number;
  column: number;
}

interface AnyJob {
  /** as in the file; ids are case-insensitive */
  id: string;
  location: FileLocation;
  name?: Template;
  /** ids of other jobs */
  needs: string[];
  /** an expression, always with a status function */
  if: string;
  strategy?: Strategy;
  concurrency?: Concurrency;
  permissions?: Permissions;
  /** message with location about an unsupported key; such a job does not run */
  unsupported?: string;
}

/** A job that runs steps. */
export interface StepsJob extends AnyJob {
  kind: 'steps';
  runsOn: ValueTemplate;
  continueOnError: Template;
  timeoutMinutes?: Template;
  env: Templates;
  defaults: RunDefaults;
  /** evaluated in the job */
  container?: ValueTemplate;
  services?: ValueTemplate;
  environment?: Environment;
  outputs: TemplateMap;
  steps: PlannedStep[];
}

/** A job that calls a workflow. */
export interface CallJob extends AnyJob {
  kind: 'call';
  /** `path` of the called workflow */
  uses: string;
  with: [name: string, value: ValueTemplate][];
  secrets: 'inherit' | TemplateMap;
  /** location of each input and secret in the file */
  locations: { [name: string]: FileLocation };
}

export type WorkflowJob = StepsJob | CallJob;
