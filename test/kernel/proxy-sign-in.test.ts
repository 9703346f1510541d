import { expect } from 'chai';
import { isWithin, parseNetworks, parseProxyHeaders } from '../../src/kernel/proxy-sign-in.ts';

describe('kernel: proxies that tell who a person is', () => {
  const within = (list: string, address: string) => {
    const networks = parseNetworks(list);
    return networks !== undefined && isWithin(networks, address);
  };

  for (const [list, address, expected] of [
    ['10.0.0.7', '10.0.0.7', true],
    ['10.0.0.7', '10.0.0.8', false],
    ['10.1.0.0/16', '10.1.255.255', true],
    ['10.1.0.0/16', '10.2.0.0', false],
    ['10.0.0.7, fd00::/64', 'fd00::1', true],
    ['fd00::/64', 'fd00:0:0:1::1', false],
    ['::1', '::1', true],
    ['127.0.0.1', '::1', false],
    // a server for IPv4 and IPv6 sees the addresses of IPv4 so
    ['10.0.0.7', '::ffff:10.0.0.7', true],
    ['10.1.0.0/16', '::ffff:10.1.2.3', true],
    ['10.0.0.7', '::ffff:10.0.0.8', false],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['10.0.0.7', '', false],
    ['10.0.0.7', '10.0.0.7, 10.0.0.8', false],
  ] as const) {
    it(`${address || 'no address'} is ${expected ? '' : 'not '}in ${list}`, () => {
      expect(within(list, address)).to.equal(expected);
    });
  }

  for (const list of [
    '',
    ',',
    'proxy',
    '10.0.0.0/33',
    '10.0.0.0/x',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.7,',
    '::ffff:10.0.0.7',
    'fd00::/129',
    '10.0.0',
  ]) {
    it(`"${list}" is no list of proxies`, () => {
      expect(parseNetworks(list)).to.equal(undefined);
    });
  }

  it('knows the headers of proxies by their names, and takes others', () => {
    expect(parseProxyHeaders('authelia')).to.include({ user: 'remote-user', groups: 'remote-groups' });
    expect(parseProxyHeaders('authentik')).to.include({ user: 'x-authentik-username', separator: '|' });
    expect(parseProxyHeaders('oauth2-proxy')).to.include({ user: 'x-forwarded-user', email: 'x-forwarded-email' });
    expect(parseProxyHeaders('user=X-Who, groups=X-Teams')).to.deep.equal({
      user: 'x-who',
      groups: 'x-teams',
      name: undefined,
      email: undefined,
      separator: ',',
    });
  });

  for (const text of [
    '',
    'constructor',
    'groups=X-Teams',
    'user=X-Who,user=X-Other',
    'user=X-Who,groups=X-Who',
    'user=X Who',
    'user=',
    'user=Authorization',
    'user=Cookie',
    'user=X-Who,groups=X-Forwarded-For',
    'user=X-Who,role=X-Role',
  ]) {
    it(`"${text}" names no headers`, () => {
      expect(parseProxyHeaders(text)).to.equal(undefined);
    });
  }
});
