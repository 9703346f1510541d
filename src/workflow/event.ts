import type { Json } from './template.ts';

/** The event that starts workflows, in GitHub's terms. */
export type BuildEvent =
  /** a new commit on a ref, or a manual trigger without a workflow */
  | { name: 'push' }
  | { name: 'workflow_dispatch'; workflow: string; inputs: { [name: string]: string } }
  | { name: 'repository_dispatch'; type: string; payload: Json }
  | { name: 'schedule'; workflow: string; cron: string }
  /** a pull request was opened or changed; `head` and `base` are branch names */
  | { name: 'pull_request'; number: number; action: string; head: string; base: string }
  /** any other event of a forge, for example `release`; `action` is null if it has no activity types */
  | { name: 'forge'; event: string; action: string | null };

/** GitHub's name of the event, for `github.event_name` and for people. */
export function eventName(event: BuildEvent): string {
  return event.name === 'forge' ? event.event : event.name;
}

/** The facts about a build from which the contexts are made. */
export interface BuildFacts {
  /** id of the build */
  build: string;
  /** number of the build in its repository */
  number: number;
  repo: { name: string; url: string; defaultBranch: string | null };
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
  /** payload that was sent with the event; its keys override those that Volt makes */
  payload?: { [key: string]: Json };
  vars: { [name: string]: string };
}
