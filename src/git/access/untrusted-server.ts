import { isIPv6 } from 'node:net';
import { bareEnvironment } from '../../system/environment.ts';
import type { ConfigEntry } from './credential-files.ts';
import type { Server } from './server.ts';

/** How git runs for an address that a commit names, and not the operator of Volt. */
export interface UntrustedServer {
  /** whether the configuration, helpers, agent and keys of the machine's user count */
  asMachine: boolean;
  /** the only one allowed */
  protocol: string;
  /** the server's addresses, so that its name cannot resolve to another one when git asks again */
  pinned: (Server & { addresses: readonly string[] }) | undefined;
  /** whether the server may redirect */
  redirects: boolean;
}

/** Git reads nothing of the machine's user: no configuration, .netrc, key, agent or ticket. */
const nobody = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_SSH_COMMAND:
    'ssh -F none -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=20 -o IdentitiesOnly=yes -o IdentityAgent=none -o IdentityFile=none',
  GIT_SSH_VARIANT: 'ssh',
  KRB5CCNAME: 'FILE:/nonexistent',
};

/** Environment variables of git for such a server. */
export function untrustedEnvironment({ asMachine, protocol }: UntrustedServer): Record<string, string> {
  const spoken = { GIT_ALLOW_PROTOCOL: protocol };
  return asMachine ? spoken : { ...spoken, ...nobody };
}

/** The environment that git starts from; undefined for that of Volt's own programs. */
export function untrustedBase({ asMachine }: UntrustedServer): Record<string, string> | undefined {
  return asMachine ? undefined : bareEnvironment();
}

export function untrustedConfig({ asMachine, pinned, redirects }: UntrustedServer): ConfigEntry[] {
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

/** In the form of curl's `--resolve`. */
function pin({ host, port, addresses }: Server & { addresses: readonly string[] }): string {
  const bracketed = (address: string) => (isIPv6(address) ? `[${address}]` : address);
  return `${bracketed(host)}:${port}:${addresses.map(bracketed).join(',')}`;
}
