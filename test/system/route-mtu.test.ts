import { expect } from 'chai';
import { routeMtu } from '../../src/system/route-mtu.ts';

describe('the largest packet of the default route', () => {
  const head = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
  const local = 'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n';
  const route = (device: string) => `${device}\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n`;

  it('is that of its interface', () => {
    const files: Record<string, string> = {
      '/proc/net/route': head + local + route('wg0'),
      '/sys/class/net/wg0/mtu': '1420\n',
    };
    expect(routeMtu((path) => files[path])).to.equal(1420);
  });

  it('is unknown without such a route or interface', () => {
    expect(routeMtu(() => undefined)).to.equal(undefined);
    expect(routeMtu((path) => (path === '/proc/net/route' ? head + local : '1500'))).to.equal(undefined);
    expect(routeMtu((path) => (path === '/proc/net/route' ? head + route('wg0') : undefined))).to.equal(undefined);
    expect(routeMtu((path) => (path === '/proc/net/route' ? head + route('../x') : '1500'))).to.equal(undefined);
  });
});
