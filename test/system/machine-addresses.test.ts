import { networkInterfaces } from 'node:os';
import { expect } from 'chai';
import { addressClass } from '../../src/kernel/network-policy.ts';
import { localIn, localIn6, machineAddresses, nearIn, nearIn6 } from '../../src/system/machine-addresses.ts';
import { until } from '../support/until.ts';

describe('the addresses of this machine', () => {
  it('include those of all interfaces', async () => {
    expect(machineAddresses()).to.include('127.0.0.1/32');
    // an interface that a container engine has just made has its address a moment before the kernel routes it
    await until('each address of an interface is one of the machine', () => {
      const seen = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
      return seen.length > 0 && seen.every(({ address }) => addressClass(address) === 'machine');
    });
    expect(addressClass('198.51.100.77')).to.equal('public');
  });

  it('are read from the IPv4 table, including ranges', () => {
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

  it('are read from the IPv6 table, which may be empty', () => {
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

  it('have near subnets without a router, and not the whole internet of a tunnel', () => {
    const routes = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t016433C6\t0003\t0\t0\t0\t00000000\t0\t0\t0
tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0
eth0\t006433C6\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth0\t007100CB\t016433C6\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth0\t097100CB\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0
*\t0000000A\t00000000\t0201\t0\t0\t0\t000000FF\t0\t0\t0
`;
    expect(nearIn(routes)).to.deep.equal(['198.51.100.0/24', '203.0.113.9/32']);
    const zero = '0'.repeat(32);
    const line = (address: string, bits: string, flags: string, router = zero) =>
      `${address} ${bits} ${zero} 00 ${router} 00000000 00000001 00000000 ${flags}     eth0`;
    const six = [
      line('20010db8000100000000000000000000', '40', '00000001'),
      line('20010db8000100000000000000000002', '80', '80200001'),
      line('20010db8000900000000000000000000', '40', '00000003', '20010db8000100000000000000000001'),
      line('20000000000000000000000000000000', '03', '00000001'),
      line(zero, '00', '00200200'),
    ];
    expect(nearIn6(six.join('\n'))).to.deep.equal(['2001:0db8:0001:0000:0000:0000:0000:0000/64']);
    expect([nearIn(''), nearIn6('')]).to.deep.equal([[], []]);
  });
});
