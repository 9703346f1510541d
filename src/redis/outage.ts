import { errorText, systemCode } from '../kernel/errors.ts';
import { within } from '../system/wait.ts';
import type { ProcessIdentity } from './membership.ts';
import { openProbe } from './probe.ts';
import { isSeenGone } from './process-identity.ts';
import { parseRedisUrl } from './url.ts';

/** Milliseconds after which a server without an answer counts as silent. */
const timeout = 500;

/**
 * Whether the server is down for all clients, and not only silent, which may affect this client alone. No client can take a job
 * while
 * - the server was a process of this machine that has ended: its address refuses connections or its socket is gone, and the
 *   process is gone. A refusal alone proves nothing: a tunnel may have ended, or a firewall may block this client;
 * - it answers that it loads its data, or that it refuses writes because it cannot write its files (MISCONF).
 * Behind sentinels only the answer that it loads counts: another server may be master by now, and sentinels replace a server
 * that answers MISCONF to their PING.
 * @param server the process of the server, if it is known and on this machine
 */
export async function isDownForAll(url: string, server?: ProcessIdentity): Promise<boolean> {
  const address = parseRedisUrl(url);
  const isFixed = address.sentinels === undefined;
  const probe = openProbe(address, timeout);
  let refused = false;
  probe.on('error', (error) => {
    const code = systemCode(error);
    refused ||= code === 'ECONNREFUSED' || (address.path !== undefined && code === 'ENOENT');
  });
  const hasEnded = () => refused && isFixed && server !== undefined && isSeenGone(server);
  const answer = (async () => {
    await probe.connect();
    await probe.ping();
    return false;
  })().catch((error) => {
    const text = errorText(error);
    return text.startsWith('LOADING') || (isFixed && text.startsWith('MISCONF')) || hasEnded();
  });
  try {
    return (await within(answer, timeout)) ?? false;
  } finally {
    probe.disconnect();
  }
}
