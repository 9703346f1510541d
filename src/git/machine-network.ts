import { toolEnvironment } from '../system/environment.ts';
import type { ConfigEntry } from './access.ts';
import { ownRunner } from './command.ts';
import type { Stranger } from './stranger.ts';

/** How a machine comes to the network at all; nothing that says who is asking. */
const known = /^http\.(?:.*\.)?(?:proxy|proxyauthmethod|proxysslcainfo|sslcainfo|sslcapath)$/i;

let found: Promise<ConfigEntry[]> | undefined;

/** What the configuration of the machine's user says of proxies and certificates, where nothing else of it counts. */
export function machineNetwork({ asMachine }: Pick<Stranger, 'asMachine'>): Promise<ConfigEntry[]> {
  if (asMachine) return Promise.resolve([]);
  found ??= readNetwork();
  return found;
}

async function readNetwork(): Promise<ConfigEntry[]> {
  const args = ['config', '--null', '--get-regexp', '^http\\.'];
  const command = { cwd: '/', args, env: toolEnvironment(), silence: 10_000, bound: 10_000, lock: undefined };
  // where there is nothing of that kind, git says so by its exit code
  const listed = await ownRunner(command, {}).catch(() => '');
  return listed.split('\0').flatMap((entry) => {
    const [, key = '', value = ''] = /^(.*?)\n(.*)$/s.exec(entry) ?? [];
    return known.test(key) ? [[key, value] as const] : [];
  });
}
