import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/** Flags of a route by which the kernel takes packets for its own, see linux/ipv6_route.h: RTF_LOCAL and RTF_ANYCAST. */
const own = 0x8010_0000;

/**
 * All addresses at which this machine is reached, on whatever interface, as `address/bits`. The kernel's own table of them
 * is read: whole ranges may be the machine's, and interfaces that are down keep theirs.
 */
export function machineAddresses(): string[] {
  const ipv4 = read('/proc/net/fib_trie');
  if (ipv4 === undefined) return addressesOfInterfaces();
  return [...new Set([...localIn(ipv4), ...localIn6(read('/proc/net/ipv6_route') ?? '')])];
}

/** @param trie as /proc/net/fib_trie has it: an address, and below it what begins with it */
export function localIn(trie: string): string[] {
  const found: string[] = [];
  let address = '';
  for (const line of trie.split('\n')) {
    address = /\|-- ([\d.]+)/.exec(line)?.[1] ?? address;
    const bits = /^\s*\/(\d+) .*\bLOCAL\b/.exec(line)?.[1];
    if (bits !== undefined) found.push(`${address}/${bits}`);
  }
  return found;
}

/** @param routes as /proc/net/ipv6_route has them: destination, its bits, and eight further columns, all hexadecimal */
export function localIn6(routes: string): string[] {
  return routes.split('\n').flatMap((line) => {
    const columns = line.trim().split(/\s+/);
    const [destination = '', bits = ''] = columns;
    if (((Number.parseInt(columns[8] ?? '0', 16) & own) | 0) === 0) return [];
    return `${destination.match(/.{4}/g)?.join(':')}/${Number.parseInt(bits, 16)}`;
  });
}

/**
 * The subnets that this machine reaches without a router, as `address/bits`: who is in one is near, whatever the address. Not
 * what tunnels make of one that stands for the whole internet, which is broader than any link.
 */
export function nearSubnets(): string[] {
  return [...new Set([...nearIn(read('/proc/net/route') ?? ''), ...nearIn6(read('/proc/net/ipv6_route') ?? '')])];
}

/** Bits that the subnet of a link has at least. */
const [leastBits, leastBits6] = [8, 16];
/** Flags of a route, see linux/route.h: RTF_UP; RTF_GATEWAY and RTF_REJECT. */
const [up, elsewhere] = [0x1, 0x202];

/** @param routes as /proc/net/route has them: numbers hexadecimal, those of addresses with the last byte first */
export function nearIn(routes: string): string[] {
  return routes.split('\n').flatMap((line) => {
    const [, destination = '', , flags = '', , , , mask = ''] = line.trim().split(/\s+/);
    const bits = (Number.parseInt(mask, 16) >>> 0).toString(2).replaceAll('0', '').length;
    if (!isNear(flags) || bits < leastBits) return [];
    const bytes = destination.match(/../g)?.reverse() ?? [];
    return `${bytes.map((byte) => Number.parseInt(byte, 16)).join('.')}/${bits}`;
  });
}

/** @param routes as for `localIn6` */
export function nearIn6(routes: string): string[] {
  return routes.split('\n').flatMap((line) => {
    const [destination = '', length = '', , , , , , , flags = ''] = line.trim().split(/\s+/);
    const bits = Number.parseInt(length, 16);
    if (!isNear(flags) || (Number.parseInt(flags, 16) & own) !== 0 || !(bits >= leastBits6)) return [];
    return `${destination.match(/.{4}/g)?.join(':')}/${bits}`;
  });
}

function isNear(flags: string): boolean {
  const value = Number.parseInt(flags, 16);
  return (value & up) !== 0 && (value & elsewhere) === 0;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Where the kernel has no such table. */
function addressesOfInterfaces(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.map(({ address, family }) => `${address.split('%')[0]}/${family === 'IPv4' ? 32 : 128}`),
  );
}
