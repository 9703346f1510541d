import type { Mirror } from '../../git/mirror/mirror.ts';
import type { UpdateOptions } from '../../git/mirror/update.ts';
import { VoltError } from '../../kernel/errors.ts';
import { mayConcernStrangers } from '../../kernel/workflow-events.ts';
import type { Json } from '../../workflow/template.ts';
import { isObject } from '../../workflow/values.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';

/**
 * Workflows for events that strangers may cause are those of the default branch, and have its rights. What they check out must not
 * be a stranger's code: its build scripts would have them, too (GitHub Security Lab, "Preventing pwn requests", 2021).
 */

type Github = Pick<WorkflowState, 'github'>;

export function runsForStrangers({ github }: Github): boolean {
  return mayConcernStrangers(String(github.event_name));
}

/** Whether a branch or tag of the repository leads to a commit, so that somebody has pushed it who may. */
export async function isOfRepository(mirror: Mirror, sha: string, options: UpdateOptions): Promise<boolean> {
  if (await mirror.isReachable(sha)) return true;
  // the mirror may be older
  await mirror.fetch(options);
  return mirror.isReachable(sha);
}

/** Whether a repository is the one that the head of the event's pull request is in. */
export function isHeadRepository(job: Github, repository: string): boolean {
  return headsOf(job).some(({ repository: name }) => name?.toLowerCase() === repository.toLowerCase());
}

/** The commits that the event is about and that strangers may have made. */
export function headsIn(job: Github): string[] {
  return headsOf(job).flatMap(({ sha }) => sha ?? []);
}

/** @param what the ref or repository that was to be checked out */
export function untrustedCheckout({ github }: Github, what: string): VoltError {
  return new VoltError(
    'untrusted_checkout',
    `${what} is no code of a branch or tag of this repository, and a workflow for ${github.event_name} runs with its rights`,
    { remedy: 'Run the code of pull requests in a workflow for `pull_request`, which has no secrets.' },
  );
}

function headsOf({ github }: Github): { sha: string | undefined; repository: string | undefined }[] {
  const event = objectOf(github.event);
  const head = objectOf(objectOf(event.pull_request).head);
  const run = objectOf(event.workflow_run);
  return [
    { sha: textOf(head.sha), repository: textOf(objectOf(head.repo).full_name) },
    { sha: textOf(run.head_sha), repository: textOf(objectOf(run.head_repository).full_name) },
  ];
}

function objectOf(value: Json | undefined): { readonly [key: string]: Json } {
  return isObject(value) ? value : {};
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
