import { errorText, systemCode } from '../kernel/errors.ts';
import { within } from '../kernel/wait.ts';
import { openProbe } from './probe.ts';
import { parseRedisUrl } from './url.ts';

/** A server that has not answered after this long (ms) is silent. */
const patience = 500;

/**
 * Whether the server is away for everybody, as opposed to being silent, which may be for us alone: its address refuses
 * connections, its socket is gone, or it is there and still loads its data (it answers each command with `-LOADING`). Nobody can take
 * anything from it then. Behind sentinels a refused connection proves nothing: another server may be master by now.
 */
export async function isAwayForAll(url: string): Promise<boolean> {
  const address = parseRedisUrl(url);
  const probe = openProbe(address, patience);
  let refused = false;
  probe.on('error', (error) => {
    const code = systemCode(error);
    refused ||= code === 'ECONNREFUSED' || (address.path !== undefined && code === 'ENOENT');
  });
  const asked = (async () => {
    await probe.connect();
    await probe.ping();
    return false;
  })().catch((error) => errorText(error).startsWith('LOADING') || (refused && address.sentinels === undefined));
  try {
    return (await within(asked, patience)) ?? false;
  } finally {
    probe.disconnect();
  }
}
