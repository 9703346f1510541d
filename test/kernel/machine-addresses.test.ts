import { networkInterfaces } from 'node:os';
import { expect } from 'chai';
import { localIn, localIn6, machineAddresses } from '../../src/kernel/machine-addresses.ts';
import { addressClass } from '../../src/kernel/network-policy.ts';

describe('the addresses of this machine', () => {
  it('are those of all of its interfaces', () => {
    expect(machineAddresses()).to.include('127.0.0.1/32');
    const seen = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
    expect(seen).to.not.deep.equal([]);
    for (const { address } of seen) expect(addressClass(address), address).to.equal('machine');
    expect(addressClass('198.51.100.77')).to.equal('public');
  });

  it('are read from the table of IPv4, whole ranges too', () => {
    const trie = `Local:
  +-- 0.0.0.0/0 3 0 4
     |-- 10.9.0.0
        /16 host LOCAL
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
     |-- 192.0.2.2
        /24 link UNICAST
        /32 host LOCAL
`;
    expect(localIn(trie)).to.deep.equal(['10.9.0.0/16', '127.0.0.1/32', '192.0.2.2/32']);
  });

  it('are read from the table of IPv6, and are none where that is empty', () => {
    const zero = '0'.repeat(32);
    const line = (address: string, bits: string, flags: string) =>
      `${address} ${bits} ${zero} 00 ${zero} 00000000 00000001 00000000 ${flags}     eth0`;
    const routes = [
      line('fd000000000000000000000000000002', '80', '80200001'),
      line('fd000000000000000000000000000000', '40', '00000001'),
      line('fd000000000000000000000000000000', '80', '80100001'),
    ];
    expect(localIn6(routes.join('\n'))).to.deep.equal([
      'fd00:0000:0000:0000:0000:0000:0000:0002/128',
      'fd00:0000:0000:0000:0000:0000:0000:0000/128',
    ]);
    expect(localIn6('')).to.deep.equal([]);
  });
});
