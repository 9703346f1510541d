import { isIPv6 } from 'node:net';
import { bareEnvironment } from '../system/environment.ts';
import type { ConfigEntry } from './access.ts';
import type { Server } from './server.ts';

/** How git is run for an address that whoever runs Volt has not named: a commit has. */
export interface Stranger {
  /** whether the configuration, helpers, agent and keys of the machine's user count */
  asMachine: boolean;
  /** the one that is spoken */
  protocol: string;
  /** where the server is, so that its name cannot mean another place when git asks again */
  pinned: (Server & { addresses: readonly string[] }) | undefined;
  /** whether the server may lead elsewhere */
  redirects: boolean;
}

/** Nothing is read of the machine's user: no configuration, no .netrc, no key, no agent, no ticket. */
const nobody = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_SSH_COMMAND:
    'ssh -F none -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=20 -o IdentitiesOnly=yes -o IdentityAgent=none -o IdentityFile=none',
  GIT_SSH_VARIANT: 'ssh',
  KRB5CCNAME: 'FILE:/nonexistent',
};

/** What the environment of git is besides, and what it begins from where that is not the machine's user's. */
export function strangerEnvironment({ asMachine, protocol }: Stranger): Record<string, string> {
  const spoken = { GIT_ALLOW_PROTOCOL: protocol };
  return asMachine ? spoken : { ...spoken, ...nobody };
}

/** What git's environment begins from; undefined for that of Volt's own programs. */
export function strangerBase({ asMachine }: Stranger): Record<string, string> | undefined {
  return asMachine ? undefined : bareEnvironment();
}

export function strangerConfig({ asMachine, pinned, redirects }: Stranger): ConfigEntry[] {
  return [
    ['http.followRedirects', redirects ? 'initial' : 'false'],
    ...(pinned ? [['http.curloptResolve', pin(pinned)] as const] : []),
    ...(asMachine
      ? []
      : ([
          ['credential.helper', ''],
          ['http.emptyAuth', 'false'],
        ] as const)),
  ];
}

/** As curl's `--resolve` has it. */
function pin({ host, port, addresses }: Server & { addresses: readonly string[] }): string {
  const bracketed = (address: string) => (isIPv6(address) ? `[${address}]` : address);
  return `${bracketed(host)}:${port}:${addresses.map(bracketed).join(',')}`;
}
