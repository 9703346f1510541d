import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { hostNameFiles, resolverText, tellHosts } from '../../../src/job/sandbox/host-names.ts';

describe('the names of hosts in the network of a job', () => {
  let shared: string;
  beforeEach(() => {
    shared = mkdtempSync(join(tmpdir(), 'volt-names-'));
  });
  afterEach(() => rmSync(shared, { recursive: true }));

  it('are asked for at the address that the resolver has there, and completed as on the machine', () => {
    const text =
      '# made by hand\nnameserver 127.0.0.53\nnameserver fd00::53\noptions edns0 trust-ad\nsearch lan corp.example\n';
    expect(resolverText(text)).to.equal('nameserver 192.0.0.1\noptions edns0 trust-ad\nsearch lan corp.example\n');
  });

  it('are asked for by IPv6 where the machine has no other resolver', () => {
    expect(resolverText('nameserver fe80::1%eth0\n')).to.equal('nameserver fd5c:9d3e:70a1::1\n');
  });

  it('of a list stand in a file, which those have that use it already', () => {
    const [, file] = hostNameFiles(shared, { kind: 'list', hosts: [] });
    const text = () => readFileSync(file?.from ?? '', 'utf8');
    expect(file?.to).to.equal('/etc/hosts');
    const machine = text();
    tellHosts(shared, '203.0.113.7 one.example\n203.0.113.8 two.example\n');
    expect(text()).to.equal(`${machine}203.0.113.7 one.example\n203.0.113.8 two.example\n`);
    tellHosts(shared, '203.0.113.9 one.example\n');
    expect(text()).to.equal(`${machine}203.0.113.9 one.example\n`);
    expect(readFileSync(join(shared, 'resolv.conf'), 'utf8')).to.equal('');
  });

  it('are told in a folder that is not there yet', () => {
    mkdirSync(join(shared, 'a'));
    tellHosts(join(shared, 'a', 'b'), '203.0.113.9 one.example\n');
    expect(readFileSync(join(shared, 'a', 'b', 'hosts'), 'utf8')).to.include('203.0.113.9 one.example');
  });
});
