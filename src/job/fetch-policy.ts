import { JobFetchPolicy } from '../git/access/fetch-policy.ts';
import type { Config } from '../kernel/config.ts';
import { parseNetworkPolicy } from '../kernel/network-policy.ts';
import { voltServers } from '../kernel/volt-servers.ts';
import type { Credential } from '../secrets/credential.ts';
import type { JobInput } from './input-and-result.ts';

/**
 * What may be fetched because the commit of a job names it.
 * @param credential that of the job's repository
 */
export function fetchPolicyOf(
  config: Pick<
    Config,
    | 'sandboxNetwork'
    | 'actionsUrl'
    | 'shareCredential'
    | 'machineCredentials'
    | 'neighbours'
    | 'redisUrl'
    | 'databaseUrl'
    | 'url'
  >,
  { repo, trust }: Pick<JobInput, 'repo' | 'trust'>,
  credential: () => Promise<Credential | undefined>,
): JobFetchPolicy {
  const listed = (text: string | undefined, separator: string) =>
    (text ?? '').split(separator).flatMap((part) => part.trim() || []);
  return new JobFetchPolicy({
    url: repo.url,
    access: { url: repo.url, credential },
    trusted: trust.trusted,
    // it was valid when the settings were read
    network: parseNetworkPolicy(config.sandboxNetwork) ?? { kind: 'off' },
    actionsUrl: config.actionsUrl,
    sharesCredential: config.shareCredential === 'on',
    machineCredentials: listed(config.machineCredentials, ','),
    servers: voltServers(config),
    neighbours: listed(config.neighbours, ':'),
  });
}
