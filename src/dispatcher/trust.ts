import { refMatcher } from '../git/remote/ref-names.ts';
import {
  mayHaveSecrets,
  pullRequestTrust,
  type Trust,
  type TrustRules,
  trustOf,
  unknownTrust,
} from '../kernel/trust.ts';
import type { OpenJob } from '../record/open-jobs.ts';

type Asked = Pick<OpenJob, 'ref' | 'repo' | 'pullRequest' | 'storedTrust'>;

export function trustFor({ ref, repo, pullRequest, storedTrust }: Asked): Trust {
  if (pullRequest !== null) return pullRequestTrust(ref);
  return repo.removed ? unknownTrust(ref) : trustOf(ref, rulesOf(storedTrust));
}

export function secretsAreFor({ ref, repo, pullRequest, storedTrust }: Asked): boolean {
  return !repo.removed && pullRequest === null && mayHaveSecrets(ref, rulesOf(storedTrust));
}

function rulesOf({ defaultBranch, named }: OpenJob['storedTrust']): TrustRules {
  return { defaultBranch, named: named && refMatcher(named) };
}
