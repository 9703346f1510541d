import type { ProcessGroup } from '../exec/process-group.ts';
import type { GitLimits, GitRunner } from '../git/command.ts';
import type { Extent } from '../git/extent.ts';
import type { Reach } from '../git/reach.ts';
import type { JobTests, Step } from '../kernel/model.ts';
import type { Trust } from '../kernel/trust.ts';
import type { Credential } from '../secrets/credential.ts';
import type { GivenSecrets } from '../secrets/delivery.ts';
import type { ActionStore } from './actions/store.ts';
import type { JobOutcome } from './ending.ts';
import type { JobTree } from './job-tree.ts';
import type { Sandbox } from './sandbox/sandbox.ts';
import type { JobTexts } from './texts/job-texts.ts';

export interface JobInput {
  repo: {
    name: string;
    url: string;
    /** globs of files that hold results of single tests */
    reports?: readonly string[] | undefined;
  } & Extent;
  ref: string;
  sha: string;
  /** what the commit's code may do, and with whom it shares what it writes */
  trust: Trust;
  /** that of a workflow is as plan.ts of the workflows has it, and is parsed before it is run */
  plan: { kind: 'discover' } | { kind: 'command'; command: string } | { kind: 'workflow' };
  /** whether it is tried again where it ends as `mayBeRepeated` says; then none of its commands says before that it failed */
  repeatable?: boolean | undefined;
}

/** What a job needs of the place where it runs. */
export interface JobHost {
  /** a folder of the job's own; empty or missing, or as the room that was made for it */
  folder: string;
  /** how far the job is kept apart */
  sandbox: Sandbox;
  /** the home of a job that is kept apart, where Volt sees the same in it as the job */
  home?: string | undefined;
  /** folder of the machine's mirrors */
  mirrors: string;
  /** what is fetched because the commit names it */
  reach: Reach;
  /** what git may take for a checkout */
  gitLimits: GitLimits;
  /** what earlier checkouts of the repository have left; absent where nothing is kept */
  tree?: JobTree;
  /** actions of other repositories */
  actions: ActionStore;
  /** repositories of actions that Volt stands in for, in lower case */
  ownActions: readonly string[];
  /** folder of the repository's caches */
  caches: string;
  /** folder of the build's artifacts */
  artifacts: string;
  /** folder of tools that jobs share (RUNNER_TOOL_CACHE) */
  toolCache: string;
  /** name of the runner */
  runner: string;
  /** the secrets that the job may use; rejects with a JobEnding where they cannot be had */
  secrets(): Promise<GivenSecrets>;
  /** what the repository is fetched with, asked for where something has to be fetched; rejects likewise */
  credential(): Promise<Credential | undefined>;
  /** environment that commands start from */
  env: Readonly<Record<string, string>>;
  /** works on what the commit holds and the job says, where that can be ended */
  texts: JobTexts;
  /** what runs git's part of a checkout, else this process does */
  git?: GitRunner;
  /** opened while the commit is checked out; it is not closed here */
  processes: Promise<ProcessGroup>;
  /** takes the log, byte for byte, and copies what it keeps; a promise that it returns holds the job's output back */
  output(chunk: Buffer): void | Promise<void>;
  /** is told of all steps whenever one begins or ends */
  progress(steps: Step[]): void;
  /** aborts with a JobEnding as its reason */
  signal: AbortSignal;
  /** milliseconds that steps which run after a cancel or a timeout may take together */
  cleanupTime?: number;
}

/** What of that is given to what runs the job: all but the ways out, which its gate has. */
export type JobPlace = Omit<JobHost, 'output' | 'progress'>;

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
