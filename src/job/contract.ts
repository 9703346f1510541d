import type { JobTests, Step } from '../kernel/model.ts';
import type { Trust } from '../kernel/trust.ts';
import type { JobOutcome } from './outcome.ts';

export interface JobInput {
  repo: {
    name: string;
    url: string;
    /** globs of files that hold results of single tests */
    reports?: readonly string[] | undefined;
    /** see git/filter.ts */
    filter?: string | undefined;
  };
  ref: string;
  sha: string;
  /** what the commit's code may do, and with whom it shares what it writes */
  trust: Trust;
  /** that of a workflow is as plan.ts of the workflows has it, and is parsed before it is run */
  plan: { kind: 'discover' } | { kind: 'command'; command: string } | { kind: 'workflow' };
  /** whether it is tried again where it ends as `mayBeRepeated` says; then none of its commands says before that it failed */
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
