import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { hostNameFiles, resolverText, tellHosts } from '../../../src/job/sandbox/host-names.ts';

describe('host names in the network of a job', () => {
  let shared: string;
  beforeEach(() => {
    shared = mkdtempSync(join(tmpdir(), 'volt-names-'));
  });
  afterEach(() => rmSync(shared, { recursive: true }));

  it('are resolved at the address of the resolver there, with the search domains of the machine', () => {
    const text =
      '# made by hand\nnameserver 127.0.0.53\nnameserver fd00::53\noptions edns0 trust-ad\nsearch lan corp.example\n';
    expect(resolverText(text)).to.equal('nameserver 192.0.0.1\noptions edns0 trust-ad\nsearch lan corp.example\n');
  });

  it('are resolved over IPv6 if the machine has no other resolver', () => {
    expect(resolverText('nameserver fe80::1%eth0\n')).to.equal('nameserver fd5c:9d3e:70a1::1\n');
  });

  it('that are allowed are in a file whose changes running jobs see', () => {
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

  it('are written to a folder that does not exist yet', () => {
    mkdirSync(join(shared, 'a'));
    tellHosts(join(shared, 'a', 'b'), '203.0.113.9 one.example\n');
    expect(readFileSync(join(shared, 'a', 'b', 'hosts'), 'utf8')).to.include('203.0.113.9 one.example');
  });
});
