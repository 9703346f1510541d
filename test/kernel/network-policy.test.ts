import { expect } from 'chai';
import { addressClass, isListed, parseNetworkPolicy } from '../../src/kernel/network-policy.ts';

describe('the setting of what jobs may reach', () => {
  it('is on, off, or a list of hosts', () => {
    expect(parseNetworkPolicy('on')).to.deep.equal({ kind: 'on' });
    expect(parseNetworkPolicy(' Off ')).to.deep.equal({ kind: 'off' });
    expect(parseNetworkPolicy('registry.npmjs.org, example.org:443,10.1.2.3,[fd00::1]:22')).to.deep.equal({
      kind: 'list',
      hosts: [
        { host: 'registry.npmjs.org', port: undefined },
        { host: 'example.org', port: 443 },
        { host: '10.1.2.3', port: undefined },
        { host: 'fd00::1', port: 22 },
      ],
    });
  });

  for (const text of ['', 'https://example.org', 'a,,b', 'a b', 'x:70000', '[zz]', '-a', '*', '*.example.org'])
    it(`is not ${JSON.stringify(text)}`, () => expect(parseNetworkPolicy(text)).to.equal(undefined));

  it('lists a host by its whole name, and its ports', () => {
    const policy = parseNetworkPolicy('git.example.org:443,registry.npmjs.org');
    if (policy?.kind !== 'list') throw new Error('no list');
    const has = (host: string, port = 443) => isListed(policy.hosts, host, port);
    expect([has('git.example.org'), has('GIT.example.org.'), has('registry.npmjs.org', 80)]).to.deep.equal(
      Array(3).fill(true),
    );
    expect([
      has('git.example.org', 22),
      has('xgit.example.org'),
      has('npmjs.org'),
      has('a.registry.npmjs.org'),
    ]).to.deep.equal(Array(4).fill(false));
  });
});

describe('the class of an address', () => {
  const classes = {
    machine: ['127.0.0.1', '127.9.9.9', '0.0.0.0', '::1', '::', '::ffff:127.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::'],
    link: [
      ...['169.254.169.254', 'fe80::1%eth0', '::ffff:a9fe:a9fe', '100.100.100.200', '168.63.129.16'],
      ...['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', 'fd00:c1::a9fe:a9fe', 'fd00:a9fe:a9fe::1', 'fd00:42::42'],
    ],
    private: ['10.0.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', 'fd12::1', '::ffff:10.0.0.1', '::10.0.0.1'],
    public: ['1.1.1.1', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8'],
    none: ['224.0.0.1', '255.255.255.255', 'ff02::1', 'example.org', ''],
  };
  for (const [name, addresses] of Object.entries(classes))
    it(`is ${name}: ${addresses.join(', ')}`, () => {
      expect(addresses.map(addressClass)).to.deep.equal(addresses.map(() => name));
    });
});
