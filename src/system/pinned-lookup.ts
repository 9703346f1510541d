import { isIPv6, type LookupFunction } from 'node:net';

/**
 * Looks every name up in the given addresses, so that a server is asked at an address that was checked: its name cannot mean another
 * one by then.
 */
export function pinnedLookup(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_host, options, found) => {
    const [first] = all;
    if (!first) return found(new Error('it has no address'), '');
    if (options.all) found(null, all);
    else found(null, first.address, first.family);
  };
}
