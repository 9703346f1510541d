import { toolEnvironment } from '../../system/environment.ts';
import { remember } from '../../system/remember.ts';
import type { ConfigEntry } from '../access/credential-files.ts';
import type { UntrustedServer } from '../access/untrusted-server.ts';
import { ownRunner } from './runner.ts';

/** Settings by which the machine reaches the network; none of them identifies the user. */
const known = /^http\.(?:.*\.)?(?:proxy|proxyauthmethod|proxysslcainfo|sslcainfo|sslcapath)$/i;

/** Proxies and certificates of the machine's user, for a command that ignores the rest of the user's configuration. */
export function machineNetwork({ asMachine }: Pick<UntrustedServer, 'asMachine'>): Promise<ConfigEntry[]> {
  return asMachine ? Promise.resolve([]) : readNetwork();
}

const readNetwork = remember(async (): Promise<ConfigEntry[]> => {
  const args = ['config', '--null', '--get-regexp', '^http\\.'];
  const command = { cwd: '/', args, env: toolEnvironment(), silence: 10_000, bound: 10_000, lock: undefined };
  // git fails where there is no such setting
  const listed = await ownRunner(command, {}).catch(() => '');
  return listed.split('\0').flatMap((entry) => {
    const [, key = '', value = ''] = /^(.*?)\n(.*)$/s.exec(entry) ?? [];
    return known.test(key) ? [[key, value] as const] : [];
  });
});
