import type { CommitState } from '../kernel/commit-status.ts';
import type { ForgeKind } from '../kernel/forge-kinds.ts';

/** Where a forge is, and what it accepts from Volt. */
export interface ForgeAccess {
  kind: ForgeKind;
  /** address of its API, without a slash at its end */
  api: string;
  token: string;
}

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
}
