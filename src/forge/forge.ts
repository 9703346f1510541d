import type { CommitState } from '../kernel/commit-status.ts';
import type { Annotation } from '../kernel/model.ts';
import type { ForgeComments } from './comments/comments.ts';
import type { AskedPage, PullRequestPage } from './pull-requests/list.ts';

/** The status of a commit, as a forge should show it. */
export interface CommitStatus {
  /** for example `acme/app` */
  project: string;
  sha: string;
  /** full name of the ref that was built */
  ref: string;
  /** name of the status, for example `volt/push` */
  context: string;
  state: CommitState;
  /** one line of at most 140 characters */
  description: string;
  /** page of the build */
  url: string;
  /** what checks show beyond a status; undefined where the forge is to get no check */
  check?: CheckDetails | undefined;
}

/** What a check shows beyond a status. */
export interface CheckDetails {
  /** of this run of the build: another build, or a retry, has another one */
  id: string;
  /** ms since 1970; null before it runs */
  startedAt: number | null;
  finishedAt: number | null;
  /** Markdown */
  summary: string;
  annotations: readonly Annotation[];
}

/** A forge: what Volt does there. Each throws ForgeFault where the forge does not do it. */
export interface Forge {
  /** Checks that the token is valid. */
  checkToken(): Promise<void>;
  /** Checks that the token may set statuses in the project. It sets none. */
  checkProject(project: string): Promise<void>;
  /** Sets a status. Setting the same one again does no harm. */
  setStatus(status: CommitStatus): Promise<void>;
  /** Whether the forge shows this status now. */
  hasStatus(status: CommitStatus): Promise<boolean>;
  /**
   * Pull requests of a project, those first that have changed last.
   * @returns undefined where the page is still as `asked.etag` names it
   */
  pullRequests(project: string, asked: AskedPage): Promise<PullRequestPage | undefined>;
  /** undefined where the forge does not tell Volt who may write to a project */
  comments?: ForgeComments;
}
