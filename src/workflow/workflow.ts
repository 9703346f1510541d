import type { PlannedStep } from './plan.ts';
import type { Template, TemplateMap, Templates } from './template.ts';

/** Where a workflow of another repository is from. */
export interface WorkflowSource {
  /** `owner/name` */
  repository: string;
  ref: string;
  sha: string;
  /** whether `secrets: inherit` gives it the secrets of the repository that is built */
  inherits: boolean;
}

/** A workflow file as it was read and checked: plain JSON, from which builds are planned. */
export interface Workflow {
  /**
   * below the repository's root, as `.github/workflows/test.yml`; of another repository with its name in front and the
   * ref behind it, as `acme/ci/.github/workflows/test.yml@v1`
   */
  path: string;
  /** of one that is called in another repository */
  source?: WorkflowSource;
  /** that of the file, or else its path */
  name: string;
  runName?: Template;
  on: Triggers;
  env: Templates;
  defaults: RunDefaults;
  concurrency?: Concurrency;
  /** in the order of the file */
  jobs: WorkflowJob[];
}

export interface Triggers {
  push?: PushFilter;
  schedule?: Schedule[];
  workflow_dispatch?: { inputs: InputDefinition[] };
  workflow_call?: CallInterface;
  /** `types` is absent where every type counts */
  repository_dispatch?: { types?: string[] };
  pull_request?: PullRequestFilter;
  /** other events of a forge, as `release`; `types` is absent where every type counts */
  others: { event: string; types?: string[] }[];
}

export interface Schedule {
  cron: string;
  /** UTC where it is absent */
  timezone?: string;
}

/** Patterns in the grammar of filters.ts; a list that is absent filters nothing. */
export interface PushFilter {
  branches?: string[];
  branchesIgnore?: string[];
  tags?: string[];
  tagsIgnore?: string[];
  paths?: string[];
  pathsIgnore?: string[];
}

/** Which pull requests count, by their base branch, the paths that they change, and what has happened to them. */
export interface PullRequestFilter extends PushFilter {
  /** GitHub's three where it is absent: opened, synchronize, reopened */
  types?: string[];
}

export interface InputDefinition {
  name: string;
  type: 'string' | 'boolean' | 'number' | 'choice' | 'environment';
  required: boolean;
  default?: Template;
  /** of a choice */
  options?: string[];
}

/** What a called workflow takes and gives. */
export interface CallInterface {
  inputs: InputDefinition[];
  secrets: { name: string; required: boolean }[];
  /** values, evaluated with the outputs of its jobs */
  outputs: TemplateMap;
}

export interface RunDefaults {
  shell?: Template;
  workingDirectory?: Template;
  /** both by their names in a file, where expressions say which there are */
  run?: Templates;
}

export interface Concurrency {
  group: Template;
  cancelInProgress: Template;
}

/**
 * A value that stays a value where it is evaluated, unlike a template: what a matrix or the `with` of a call is made of.
 */
export type ValueTemplate =
  | null
  | boolean
  | number
  | { text: Template }
  | { list: ValueTemplate[] }
  /** a key that is null stands for the entries of its value */
  | { map: [key: Template | null, value: ValueTemplate][] };

export interface Strategy {
  matrix?: ValueTemplate;
  failFast: Template;
  maxParallel?: Template;
  /** all of it, where expressions say what there is */
  whole?: ValueTemplate;
}

/** What Volt cannot do, which a job asks for only where the value is not empty. */
export interface Refusal {
  value: ValueTemplate;
  /** a sentence with its place */
  message: string;
}

/** Both begin at 1. */
export interface Place {
  line: number;
  column: number;
}

interface AnyJob {
  /** as the file has it; ids do not count their case */
  id: string;
  /** where the file has it */
  place: Place;
  name?: Template;
  /** ids of other jobs, as those have them */
  needs: string[];
  /** an expression, always with a status function */
  if: string;
  strategy?: Strategy;
  concurrency?: Concurrency;
  /** what of it Volt cannot do, as a sentence with its place; such a job is not run */
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
  outputs: TemplateMap;
  refusals?: Refusal[];
  steps: PlannedStep[];
}

/** A job that calls a workflow. */
export interface CallJob extends AnyJob {
  kind: 'call';
  /** path of the called file, as its workflow has it */
  uses: string;
  with: [name: string, value: ValueTemplate][];
  secrets: 'inherit' | TemplateMap;
  /** where the file has each input and secret that it gives */
  places: { [name: string]: Place };
}

export type WorkflowJob = StepsJob | CallJob;
