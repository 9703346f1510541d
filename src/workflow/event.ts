import type { Json } from './template.ts';

/** Why workflows run: what happened, as GitHub would tell it. */
export type BuildEvent =
  /** a commit has come to a ref; also what a person's plain trigger stands for */
  | { name: 'push' }
  | { name: 'workflow_dispatch'; workflow: string; inputs: { [name: string]: string } }
  | { name: 'repository_dispatch'; type: string; payload: Json }
  | { name: 'schedule'; workflow: string; cron: string };

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
  vars: { [name: string]: string };
}
