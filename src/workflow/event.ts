import type { ForgeAddresses } from '../kernel/known-forges.ts';
import type { PullRequestFacts } from '../kernel/pull-request.ts';
import type { RunPhase, WorkflowRun } from '../kernel/workflow-events.ts';
import type { Json, JsonObject } from './template.ts';

/** The event that starts workflows, in GitHub's terms. */
export type BuildEvent =
  /** a new commit on a ref, or a manual trigger without a workflow */
  | { name: 'push' }
  | { name: 'workflow_dispatch'; workflow: string; inputs: { [name: string]: string } }
  | { name: 'repository_dispatch'; type: string; payload: Json }
  | { name: 'schedule'; workflow: string; cron: string }
  | PullRequestEvent
  /** pull requests are tested together in GitHub's merge queue, for a base branch and from its commit; null where that is not known */
  | { name: 'merge_group'; base: string; baseSha: string | null }
  /** the run of another workflow has moved on */
  | { name: 'workflow_run'; action: RunPhase; run: WorkflowRun }
  /**
   * any other event of a forge, for example `release`; `action` is null if it has no activity types, and `payload` is what the forge
   * has sent, in GitHub's form
   */
  | { name: 'forge'; event: string; action: string | null; payload: JsonObject };

/** A pull request was opened or changed. `pull_request_target` runs the workflows of the default branch, there. */
export interface PullRequestEvent {
  name: 'pull_request' | 'pull_request_target';
  number: number;
  /** one of GitHub's activity types, such as `opened` or `synchronize` */
  action: string;
  /** the label that was set or removed; null for other actions */
  label: string | null;
  /** names of branches; that of the head is null where it is only in another repository */
  head: string | null;
  base: string;
  /** commits of the head, of the head before and of the base; null where they are not known, as for `volt exec` */
  commits: { head: string; before: string | null; base: string } | null;
  /** the merge of base and head; null where the head is tested alone */
  merge: string | null;
  /** what the forge has told of it; null for nothing */
  facts: PullRequestFacts | null;
}

/** GitHub's name of the event, for `github.event_name` and for people. */
export function eventName(event: BuildEvent): string {
  return event.name === 'forge' ? event.event : event.name;
}

/**
 * The ref and commit that jobs of an event run, as `github.ref` and `github.sha` give them. Pull requests of all forges have GitHub's ref.
 * @param given those of the build
 */
export function builtCommit(event: BuildEvent, given: { ref: string; sha: string }): { ref: string; sha: string } {
  if (event.name !== 'pull_request') return { ref: given.ref, sha: given.sha };
  return { ref: `refs/pull/${event.number}/merge`, sha: event.merge ?? given.sha };
}

/** The facts about a build from which the contexts are made. */
export interface BuildFacts {
  /** id of the build */
  build: string;
  /** number of the build in its repository */
  number: number;
  repo: { name: string; url: string; defaultBranch: string | null };
  /** where its forge is, if a person has named it; else the address of the repository tells */
  forge?: ForgeAddresses;
  /** full name, for example `refs/heads/main` */
  ref: string;
  sha: string;
  /** the previous commit of this ref; null if the ref is new */
  before: string | null;
  subject: string;
  author: string;
  /** ISO 8601 */
  committedAt: string;
  event: BuildEvent;
  /** number and attempt of the runs of its workflows, by file; those of the build where it has none */
  runs?: { readonly [file: string]: { number: number; attempt: number } };
  /** payload that was sent with the event; its keys override those that Volt makes */
  payload?: { [key: string]: Json };
  vars: { [name: string]: string };
}
