import { refMatcher } from '../git/remote/ref-names.ts';
import { mayHaveSecrets, type Trust, type TrustRules, trustOf, unknownTrust } from '../kernel/trust.ts';
import type { OpenJob } from '../record/open-jobs.ts';

type Asked = Pick<OpenJob, 'ref' | 'repo' | 'storedTrust'>;

export function trustFor({ ref, repo, storedTrust }: Asked): Trust {
  return repo.removed ? unknownTrust(ref) : trustOf(ref, rulesOf(storedTrust));
}

export function secretsAreFor({ ref, repo, storedTrust }: Asked): boolean {
  return !repo.removed && mayHaveSecrets(ref, rulesOf(storedTrust));
}

function rulesOf({ defaultBranch, named }: OpenJob['storedTrust']): TrustRules {
  return { defaultBranch, named: named && refMatcher(named) };
}
