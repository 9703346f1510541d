import type { Mirror } from '../../git/mirror/mirror.ts';
import type { UpdateOptions } from '../../git/mirror/update.ts';
import { refMatcher } from '../../git/remote/ref-names.ts';
import { VoltError } from '../../kernel/errors.ts';
import { trustOf } from '../../kernel/trust.ts';
import { mayConcernStrangers } from '../../kernel/workflow-events.ts';
import type { JobInput } from '../input-and-result.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';

/**
 * Workflows for events that strangers may cause are those of the default branch, and have its rights. What they check out must not
 * be a stranger's code: its build scripts would have them, too (GitHub Security Lab, "Preventing pwn requests", 2021).
 */

type Github = Pick<WorkflowState, 'github'>;

export function runsForStrangers({ github }: Github): boolean {
  return mayConcernStrangers(String(github.event_name));
}

/** Whether a trusted branch or tag of the repository leads to a commit. Whoever may push to another branch is a stranger here. */
export async function isTrustedCommit(
  input: Pick<JobInput, 'ref' | 'trustRules'>,
  mirror: Mirror,
  sha: string,
  options: UpdateOptions,
): Promise<boolean> {
  const isTrusted = trustedRef(input);
  const isThere = async () => mirror.isReachable(sha, (await mirror.refs()).filter(isTrusted));
  if (await isThere()) return true;
  // the mirror may be older
  await mirror.fetch(options);
  return isThere();
}

/** Without rules only the ref that the job itself is of is known to be trusted. */
function trustedRef({ ref: own, trustRules: rules }: Pick<JobInput, 'ref' | 'trustRules'>): (ref: string) => boolean {
  if (!rules) return (ref) => ref === own;
  const named = rules.named && refMatcher(rules.named);
  return (ref) => trustOf(ref, { defaultBranch: rules.defaultBranch, named }).trusted;
}

/** @param what the ref that was to be checked out */
export function untrustedCheckout(job: Github, what: string): VoltError {
  return refused(job, `${what} is no code of a trusted branch or tag of this repository`);
}

/** @param repository the other repository that was to be checked out */
export function untrustedRepository(job: Github, repository: string): VoltError {
  return refused(job, `an expression names the repository ${repository}, or what to check out of it`);
}

function refused({ github }: Github, why: string): VoltError {
  return new VoltError(
    'untrusted_checkout',
    `${why}, and a workflow for ${github.event_name} runs with the rights of this one`,
    {
      remedy:
        'Run the code of pull requests in a workflow for `pull_request`, which has no secrets. Name other repositories and their refs without `${{ }}`.',
    },
  );
}
