import { VoltError } from '../../kernel/errors.ts';
import type { NetworkPolicy } from '../../kernel/network-policy.ts';
import { remember } from '../../system/remember.ts';
import { whyUnsupported } from '../capability-check.ts';
import type { IsolationLevel } from '../isolation.ts';
import { filterRules } from './filter.ts';
import { JobNetwork, networkRemedy } from './job-network.ts';

/** The machine's network, an own network with rules, or only an own loopback. */
export type NetworkKind = 'machine' | 'own' | 'loopback';

/** The networks that jobs on this machine get. */
export interface JobNetworks {
  policy: NetworkPolicy;
  /** for jobs of trusted refs */
  trusted: NetworkKind;
  /** for all other jobs */
  others: NetworkKind;
  /** why jobs have no networks of their own though they should */
  notice: string | undefined;
}

/**
 * Tries which networks jobs can have on this machine, once in a process.
 * @throws VoltError `isolation_unavailable` where this machine cannot limit jobs to the listed hosts, or where trying fails for a
 * reason that may pass
 */
export async function settleNetworks(level: IsolationLevel, policy: NetworkPolicy): Promise<JobNetworks> {
  const all = (kind: NetworkKind): JobNetworks => ({ policy, trusted: kind, others: kind, notice: undefined });
  if (level === 'none') return all('machine');
  if (policy.kind === 'off') return all('loopback');
  const why = await whyNoNetwork();
  if (why === undefined) return all('own');
  if (policy.kind === 'on') return { policy, trusted: 'machine', others: 'loopback', notice: why };
  throw new VoltError('isolation_unavailable', `jobs cannot be limited to the hosts of VOLT_SANDBOX_NETWORK: ${why}`, {
    remedy: `${networkRemedy} Or set VOLT_SANDBOX_NETWORK=off.`,
  });
}

const whyNoNetwork = remember(() =>
  whyUnsupported('a network for each job', 'VOLT_SANDBOX_NETWORK=off', async () => {
    const network = await JobNetwork.open(true, filterRules({ trusted: true, listed: undefined, servers: [] }));
    await network.close();
  }),
);

/** What jobs can reach, for users. */
export function networksText({ policy, trusted, others }: JobNetworks): string {
  if (trusted === 'loopback') return 'only a loopback for each job';
  if (trusted === 'own' && policy.kind === 'list') return 'one for each job, which reaches only the listed hosts';
  if (trusted === 'own')
    return 'one for each job, which reaches the internet, private networks from trusted refs only, and never this machine';
  const theirs = others === 'machine' ? 'jobs have' : 'jobs of trusted refs have';
  const rest = others === 'machine' ? '' : '; all other jobs have only their own loopback';
  return `${theirs} the network of this machine, with all its ports${rest}`;
}
