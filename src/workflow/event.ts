import type { Json } from './template.ts';

/** Why workflows run: what happened, as GitHub would tell it. */
export type BuildEvent =
  /** a commit has come to a ref; also what a person's plain trigger stands for */
  | { name: 'push' }
  | { name: 'workflow_dispatch'; workflow: string; inputs: { [name: string]: string } }
  | { name: 'repository_dispatch'; type: string; payload: Json }
  | { name: 'schedule'; workflow: string; cron: string }
  /** a pull request was opened or has changed; `head` and `base` are names of branches */
  | { name: 'pull_request'; number: number; action: string; head: string; base: string }
  /** any other event of a forge, as `release`; `action` is null where it has no activity types */
  | { name: 'forge'; event: string; action: string | null };

/** The event as GitHub calls it, for `github.event_name` and for people. */
export function eventName(event: BuildEvent): string {
  return event.name === 'forge' ? event.event : event.name;
}

/** What a build is of; what the contexts are made from. */
export interface BuildFacts {
  /** id of the build */
  build: string;
  /** counts the builds of the repository */
  number: number;
  repo: { name: string; url: string; defaultBranch: string | null };
  /** full name, as `refs/heads/main` */
  ref: string;
  sha: string;
  /** the commit before on this ref; null where the ref is new */
  before: string | null;
  subject: string;
  author: string;
  /** ISO 8601 */
  committedAt: string;
  event: BuildEvent;
  /** what was sent with the event; each of its keys goes before what Volt makes up for it */
  payload?: { [key: string]: Json };
  vars: { [name: string]: string };
}
