import type { MergePair } from '../git/merge.ts';
import type { JobImage, JobTests, Step } from '../kernel/model.ts';
import type { Trust } from '../kernel/trust.ts';
import type { JobOutcome } from './outcome.ts';

/** What a job without a workflow runs. */
export type TestPlan = { kind: 'discover' } | { kind: 'command'; command: string } | { kind: 'project' };

/** What names the image of a job without a workflow. */
export type ImageSource = 'repository' | 'file' | 'person';

export interface JobInput {
  repo: {
    name: string;
    url: string;
    /** globs of test reports */
    reports?: readonly string[] | undefined;
    /** see git/mirror/filter.ts */
    filter?: string | undefined;
    /** environment variables of its jobs */
    env?: { readonly [name: string]: string } | undefined;
    /** image of its settings */
    image?: string | undefined;
  };
  /** that the job asks for */
  labels?: readonly string[] | undefined;
  ref: string;
  /** the commit that is checked out */
  sha: string;
  /** what that commit merges, where Volt has made it for a pull request; `ref` then led to the head */
  merge?: MergePair | undefined;
  /** number of the pull request that it is of */
  pullRequest?: number | undefined;
  /** what the commit's code may do, and which refs share what it writes */
  trust: Trust;
  /** which refs are trusted, for events that strangers may cause: what their jobs check out must be trusted, too */
  trustRules?: { defaultBranch: string | null; named: string[] | null } | undefined;
  /** the plans of workflow/plan.ts and discovery/project-plan.ts are parsed before they run */
  plan: TestPlan | { kind: 'workflow' } | { kind: 'image'; image: string; from: ImageSource; plan: TestPlan };
  /**
   * whether an attempt that ends as `mayBeRepeated` says is followed by another; then no command of this one reports a
   * failure before
   */
  repeatable?: boolean | undefined;
}

export interface JobResult {
  outcome: JobOutcome;
  /** whether a command of the commit, or of an action that it names, has begun */
  begun: boolean;
  steps: Step[];
  /** of a workflow's job */
  outputs: Record<string, string>;
  /** address that it has deployed to, by the workflow */
  url?: string | undefined;
  /** of its container, as soon as it has the image */
  image?: JobImage | undefined;
  /** absent where no results of single tests were found */
  tests?: JobTests;
}
