import { existsSync, realpathSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { SandboxPath } from '../../exec/isolation.ts';
import { line } from '../../exec/network/filter.ts';
import type { NetworkPolicy } from '../../kernel/network-policy.ts';
import { readText } from '../../system/read-text.ts';
import { keepWhole, overwrite } from './whole-file.ts';

const resolverFile = '/etc/resolv.conf';
const hostsFile = '/etc/hosts';

/**
 * The files with which programs resolve names, for jobs with their own network, in which the resolver has another address or there is
 * none. A file that the machine does not have is left out.
 * @param shared folder of files that all jobs of a runner see
 */
export function hostNameFiles(shared: string, policy: NetworkPolicy): SandboxPath[] {
  const names = join(shared, 'resolv.conf');
  const files = [{ from: names, to: resolverFile }];
  keepWhole(names, Buffer.from(policy.kind === 'list' ? '' : resolverText(readText(resolverFile) ?? '')));
  if (policy.kind === 'list') {
    const hosts = join(shared, 'hosts');
    if (!existsSync(hosts)) tellHosts(shared, '');
    files.push({ from: hosts, to: hostsFile });
  }
  return files.filter(({ to }) => existsSync(to)).map(({ from, to }) => ({ from, to: realpathSync(to) }));
}

/** Writes the listed hosts to the jobs' /etc/hosts, also for running jobs. @param lines see hosts(5) */
export function tellHosts(shared: string, lines: string): void {
  overwrite(join(shared, 'hosts'), `${readText(hostsFile) ?? ''}${lines}`);
}

/** The machine's /etc/resolv.conf with the address of the resolver in a job's network. */
export function resolverText(text: string): string {
  const lines = text.split('\n');
  const servers = lines.flatMap((each) => /^\s*nameserver\s+(\S+)/.exec(each)?.[1] ?? []);
  // pasta forwards to the machine's first resolver of each address family
  const isOnly6 = servers.length > 0 && servers.every((server) => isIPv6(server.replace(/%.*$/, '')));
  const rest = lines.filter((each) => /^\s*(search|domain|options)\s/.test(each));
  return `${[`nameserver ${isOnly6 ? line.ipv6.resolver : line.ipv4.resolver}`, ...rest].join('\n')}\n`;
}
