import { refMatcher } from '../git/refs.ts';
import { mayHaveSecrets, type Trust, type TrustRules, trustOf } from '../kernel/trust.ts';
import type { OpenJob } from '../record/open-jobs.ts';

type Asked = Pick<OpenJob, 'ref' | 'storedTrust'>;

export function trustFor({ ref, storedTrust }: Asked): Trust {
  return trustOf(ref, rulesOf(storedTrust));
}

export function secretsAreFor({ ref, storedTrust }: Asked): boolean {
  return mayHaveSecrets(ref, rulesOf(storedTrust));
}

function rulesOf({ defaultBranch, named }: OpenJob['storedTrust']): TrustRules {
  return { defaultBranch, named: named && refMatcher(named) };
}
