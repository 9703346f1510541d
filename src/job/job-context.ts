import type { JobEngine } from '../engine/engine-session.ts';
import type { ProcessGroup } from '../exec/process-group.ts';
import type { FetchPolicy } from '../git/access/fetch-policy.ts';
import type { GitLimits, GitRunner } from '../git/command/runner.ts';
import type { Step } from '../kernel/model.ts';
import type { Credential } from '../secrets/credential.ts';
import type { Delivered, GivenSecrets } from '../secrets/delivery.ts';
import type { ContainerPolicy } from './container-policy.ts';
import type { JobTree } from './job-tree.ts';
import type { RunnerImages } from './runner-images.ts';
import type { JobWorkspace } from './sandbox/workspace.ts';
import type { KeptInstalls } from './storage/kept-installs.ts';
import type { JobTexts } from './texts/job-texts.ts';

/** Fetches actions of other repositories, and keeps them. */
export interface FetchedActions {
  /**
   * @param action `repository` is `owner/name`, `ref` a branch, tag or commit id
   * @param say takes sentences for the job's log
   * @returns the folder with the repository's files at that ref, to be read only, and the commit
   * @throws VoltError `action_unavailable`
   */
  get(
    action: { repository: string; ref: string },
    say: (text: string) => void,
    signal: AbortSignal,
  ): Promise<{ folder: string; sha: string }>;
}

/** What a job uses on the machine where it runs; `makeJobServices` makes it. */
export interface JobServices {
  /** folder of the machine's mirrors */
  mirrors: string;
  /** what may be fetched because the commit names it */
  fetchPolicy: FetchPolicy;
  /** what git may use for a checkout */
  gitLimits: GitLimits;
  /** actions of other repositories */
  actions: FetchedActions;
  /** repositories whose actions Volt implements, in lower case */
  ownActions: readonly string[];
  /** what the owner of the machine lets containers do */
  containers: ContainerPolicy;
  /** folder of the repository's caches */
  caches: string;
  /** folder of the build's artifacts */
  artifacts: string;
  /** what earlier jobs of the repository have installed; absent where nothing is kept */
  installs?: KeptInstalls | undefined;
}

/** Everything that `runJob` needs besides the job itself. */
export interface JobContext extends JobServices, JobWorkspace {
  /** name of the runner */
  runner: string;
  /** what earlier checkouts of the repository have left; absent where nothing is kept */
  tree?: JobTree | undefined;
  /** The secrets that the job may use. Rejects with a JobAborted if they are not available. */
  secrets(): Promise<GivenSecrets>;
  /** What the repository is fetched with; called when something has to be fetched. Rejects likewise. */
  credential(): Promise<Credential | undefined>;
  /**
   * A token that says which job it is, if the job may have one. Rejects likewise. Absent where no job has one, as without a Volt that
   * runs, and for refs that are not trusted.
   * @param audience who it is for; undefined for the owner of the repository
   */
  idToken?: ((audience: string | undefined) => Promise<Delivered<'id-token'>>) | undefined;
  /** evaluates what the commit contains and the job prints, with a time limit */
  texts: JobTexts;
  /** runs git for a checkout; absent where this process does */
  git?: GitRunner | undefined;
  /** for jobs in containers */
  engine: JobEngine;
  /** images for jobs that name none; absent where there are none, and no job must have one */
  images?: RunnerImages | undefined;
  /** opened while the commit is checked out; the caller closes it */
  processes: Promise<ProcessGroup>;
  /** Takes the log, byte for byte, and copies what it keeps. A promise that it returns pauses the job's output. */
  output(chunk: Buffer): void | Promise<void>;
  /** called with all steps whenever one begins or ends */
  progress(steps: Step[]): void;
  /** aborts with a JobAborted as its reason */
  signal: AbortSignal;
  /** milliseconds that steps which run after a cancel or a timeout may take together */
  cleanupTime?: number;
  /** milliseconds that each service has at least to become healthy */
  serviceTime?: number;
}

/** The part of the job's context that steps see: all but the functions for log and progress, which get masked text only. */
export type StepContext = Omit<JobContext, 'output' | 'progress'>;
