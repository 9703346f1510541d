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

/** What a job uses on the machine where it runs; `jobServices` makes it. */
export interface JobServices {
  /** folder of the machine's mirrors */
  mirrors: string;
  /** what may be fetched because the commit names it */
  reach: Reach;
  /** what git may use for a checkout */
  gitLimits: GitLimits;
  /** actions of other repositories */
  actions: ActionStore;
  /** repositories whose actions Volt implements, in lower case */
  ownActions: readonly string[];
  /** folder of the repository's caches */
  caches: string;
  /** folder of the build's artifacts */
  artifacts: string;
}

/** The folders made for one job, and as what its programs run there. */
export interface JobWorkspace {
  /** The job's own folder. Under isolation `none` it may be missing. */
  folder: string;
  sandbox: Sandbox;
  /** the home of an isolated job, where Volt sees the same files in it as the job */
  home?: string | undefined;
  /** folder of tools that jobs share (RUNNER_TOOL_CACHE) */
  toolCache: string;
  /** environment that commands start from */
  env: Readonly<Record<string, string>>;
}

/** All that `runJob` is given beside the job itself. */
export interface JobHost extends JobServices, JobWorkspace {
  /** name of the runner */
  runner: string;
  /** what earlier checkouts of the repository have left; absent where nothing is kept */
  tree?: JobTree | undefined;
  /** The secrets that the job may use. Rejects with a JobEnding if they are not available. */
  secrets(): Promise<GivenSecrets>;
  /** What the repository is fetched with; called when something has to be fetched. Rejects likewise. */
  credential(): Promise<Credential | undefined>;
  /** evaluates what the commit contains and the job prints, with a time limit */
  texts: JobTexts;
  /** runs git for a checkout; absent where this process does */
  git?: GitRunner | undefined;
  /** opened while the commit is checked out; the caller closes it */
  processes: Promise<ProcessGroup>;
  /** Takes the log, byte for byte, and copies what it keeps. A promise that it returns pauses the job's output. */
  output(chunk: Buffer): void | Promise<void>;
  /** called with all steps whenever one begins or ends */
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
