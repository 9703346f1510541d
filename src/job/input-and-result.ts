import type { JobTests, Step } from '../kernel/model.ts';
import type { Trust } from '../kernel/trust.ts';
import type { JobOutcome } from './outcome.ts';

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
  };
  ref: string;
  sha: string;
  /** what the commit's code may do, and which refs share what it writes */
  trust: Trust;
  /** the plans of workflow/plan.ts and discovery/project-plan.ts are parsed before they run */
  plan: { kind: 'discover' } | { kind: 'command'; command: string } | { kind: 'workflow' } | { kind: 'project' };
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
  /** absent where no results of single tests were found */
  tests?: JobTests;
}
