import { errorText, systemCode } from '../kernel/errors.ts';
import { within } from '../system/wait.ts';
import type { ProcessIdentity } from './membership.ts';
import { openProbe } from './probe.ts';
import { isSeenGone } from './process.ts';
import { parseRedisUrl } from './url.ts';

/** A server that has not answered after this long (ms) is silent. */
const patience = 500;

/**
 * Whether the server is away for everybody, as opposed to being silent, which may be for us alone. Nobody can take anything
 * from it while
 * - it is a process of this machine that has ended: its address refuses connections, or its socket is gone, and the process
 *   is seen to be gone. A refusal alone proves nothing: a tunnel may have ended, or a firewall closed the way for us;
 * - it answers that it loads its data, or that it takes no writes since it cannot write its files (MISCONF).
 * Behind sentinels only the first of these answers counts: another server may be master by now, and one that cannot write
 * its files does not answer their PING, so that it will be.
 * @param server the process that was seen to be the server, where it is one of this machine
 */
export async function isDownForAll(url: string, server?: ProcessIdentity): Promise<boolean> {
  const address = parseRedisUrl(url);
  const isFixed = address.sentinels === undefined;
  const probe = openProbe(address, patience);
  let refused = false;
  probe.on('error', (error) => {
    const code = systemCode(error);
    refused ||= code === 'ECONNREFUSED' || (address.path !== undefined && code === 'ENOENT');
  });
  const hasEnded = () => refused && isFixed && server !== undefined && isSeenGone(server);
  const asked = (async () => {
    await probe.connect();
    await probe.ping();
    return false;
  })().catch((error) => {
    const text = errorText(error);
    return text.startsWith('LOADING') || (isFixed && text.startsWith('MISCONF')) || hasEnded();
  });
  try {
    return (await within(asked, patience)) ?? false;
  } finally {
    probe.disconnect();
  }
}
