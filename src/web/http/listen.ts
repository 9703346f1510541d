import type { Server } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { errorText, systemCode, VoltError } from '../../kernel/errors.ts';

/** If a port that the system chose is free on only one of the addresses, another port is tried, this many times. */
const tries = 20;

/**
 * The addresses to listen on. A browser tries both loopback addresses for a name below `localhost`, so a program that
 * listens on the other one would get the session cookies of Volt.
 */
function addressesFor(host: string): [string, ...string[]] {
  if (host === '127.0.0.1' || host === 'localhost') return ['127.0.0.1', '::1'];
  if (host === '::1') return ['::1', '127.0.0.1'];
  if (host === '0.0.0.0') return ['0.0.0.0', '::1'];
  return [host];
}

/**
 * Listens on all addresses of a host at one port.
 * @param makeServer makes one more server of the same application
 * @param port 0 for any free port
 * @returns the servers, and the port
 * @throws VoltError `port_in_use`, `bad_setting`
 */
export async function listenAt(
  makeServer: () => Server,
  { host, port }: { host: string; port: number },
): Promise<{ servers: Server[]; port: number }> {
  for (let left = tries; ; left--) {
    const servers: Server[] = [];
    let [address, at] = [host, port];
    try {
      for (address of addressesFor(host)) {
        const server = makeServer();
        if (!(await listening(server, address, at, servers.length > 0))) continue;
        servers.push(server);
        at = (server.address() as AddressInfo).port;
      }
      return { servers, port: at };
    } catch (error) {
      for (const server of servers) server.close();
      if (port !== 0 || servers.length === 0 || left === 0) throw cannotListen(error, address, at);
    }
  }
}

/**
 * Resolves when the server listens.
 * @param optional whether an address that the machine lacks is skipped
 * @returns false if it was skipped
 */
async function listening(server: Server, address: string, port: number, optional: boolean): Promise<boolean> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, address, () => {
        server.off('error', reject);
        resolve();
      });
    });
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (optional && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) return false;
    throw error;
  }
}

function cannotListen(error: unknown, host: string, port: number): VoltError {
  const where = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  if (systemCode(error) === 'EADDRINUSE') {
    return new VoltError('port_in_use', `another process listens on ${where} already`, {
      remedy: 'Stop that one, or give Volt another port by --port or VOLT_HTTP_PORT (0 takes any free one).',
      cause: error,
    });
  }
  return new VoltError('bad_setting', `cannot listen on ${where}: ${errorText(error)}`, {
    remedy: 'Give an address of this machine by --host or VOLT_HTTP_HOST, and a port that this user may take.',
    cause: error,
  });
}
