import { VoltError } from '../../kernel/errors.ts';
import type { NetworkPolicy } from '../../kernel/network-policy.ts';
import type { IsolationLevel } from '../isolation.ts';
import { whyNever } from '../trial.ts';
import { filterRules } from './filter.ts';
import { JobNetwork, networkRemedy } from './job-network.ts';

/** That of the machine; one of its own, with rules; or a loopback of its own, which leads nowhere. */
export type NetworkKind = 'machine' | 'own' | 'loopback';

/** What networks the jobs of this machine get. */
export interface JobNetworks {
  policy: NetworkPolicy;
  /** jobs of refs that a person stands behind */
  trusted: NetworkKind;
  /** all others */
  others: NetworkKind;
  /** where they were to have networks of their own, why they have none */
  notice: string | undefined;
}

let tried: Promise<string | undefined> | undefined;

/**
 * Finds out what a setting comes to on this machine, by trying once in a process.
 * @throws VoltError `isolation_unavailable` where nothing here could hold jobs to the list that the setting has,
 * or where trying fails in a way that may pass
 */
export async function settleNetworks(level: IsolationLevel, policy: NetworkPolicy): Promise<JobNetworks> {
  const all = (kind: NetworkKind): JobNetworks => ({ policy, trusted: kind, others: kind, notice: undefined });
  if (level === 'none') return all('machine');
  if (policy.kind === 'off') return all('loopback');
  tried ??= whyNever("a network of a job's own", 'VOLT_SANDBOX_NETWORK=off', tryOut);
  // what has failed may work the next time
  tried.catch(() => {
    tried = undefined;
  });
  const why = await tried;
  if (why === undefined) return all('own');
  if (policy.kind === 'on') return { policy, trusted: 'machine', others: 'loopback', notice: why };
  throw new VoltError('isolation_unavailable', `jobs cannot be held to the hosts of VOLT_SANDBOX_NETWORK: ${why}`, {
    remedy: `${networkRemedy} VOLT_SANDBOX_NETWORK=off does without.`,
  });
}

async function tryOut(): Promise<void> {
  const network = await JobNetwork.open(true, filterRules({ trusted: true, listed: undefined, servers: [] }));
  await network.close();
}

/** What jobs may reach, for people. */
export function networksText({ policy, trusted, others }: JobNetworks): string {
  if (trusted === 'loopback') return "none, but for a loopback of each job's own";
  if (trusted === 'own' && policy.kind === 'list')
    return "one of each job's own, which leads to the listed hosts alone";
  if (trusted === 'own')
    return "one of each job's own: the internet, nothing of this machine, and private networks for trusted refs only";
  const theirs = others === 'machine' ? 'jobs have' : 'jobs of trusted refs have';
  const rest = others === 'machine' ? '' : '; all others have a loopback of their own alone';
  return `${theirs} that of this machine, its own ports included${rest}`;
}
