import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { familyOf } from '../../src/setup/programs.mjs';
import { ended, FreshClone } from '../support/fresh-clone.ts';

describe('npm start without a program that it needs', () => {
  let clone: FreshClone;
  beforeEach(() => {
    clone = new FreshClone();
  });
  afterEach(() => {
    clone.dispose();
  });

  it('names the one command that installs it, and exits with 3', async () => {
    clone.remove('redis-server');
    const { code, stderr, stdout } = await clone.run(['start'], { family: 'fedora' });
    expect(code).to.equal(3);
    expect(stdout).to.equal('');
    expect(stderr).to.equal(
      'error: redis_missing: a Redis server (redis-server or valkey-server) is not installed\n' +
        '  to fix it: run `sudo dnf install -y valkey`, or use a running one: set VOLT_REDIS_URL=redis://host:6379\n',
    );
    expect(clone.takeCalls()).to.deep.equal([]);
  });

  it('starts without bubblewrap, pasta and nft, and names the one command that installs them', async () => {
    for (const name of ['bwrap', 'pasta', 'nft']) clone.remove(name);
    const { code, stderr } = await clone.run(['start'], { family: 'debian' });
    expect(code).to.equal(0);
    expect(stderr.match(/To install them, .*/g)).to.deep.equal([
      'To install them, run `sudo apt-get install -y bubblewrap passt nftables`',
    ]);
    const silent = await clone.run(['start'], { family: 'debian' }, { VOLT_ISOLATION: 'none' });
    expect(silent.stderr).to.not.include('passt');
  });

  it('accepts valkey-server as the Redis server', async () => {
    clone.remove('redis-server');
    clone.program('valkey-server');
    expect(await clone.run(['start'])).to.have.property('code', 0);
  });

  it('never uses sudo by itself', async () => {
    clone.remove('git');
    clone.program('apt-get');
    clone.program('sudo');
    const { code, stderr } = await clone.run(['start']);
    expect(code).to.equal(3);
    expect(stderr).to.include('run `sudo apt-get install -y git`');
    expect(clone.takeCalls()).to.deep.equal([]);
  });

  it('names the program to install on an unknown system', async () => {
    clone.remove('git');
    const { stderr } = await clone.run(['start'], { family: undefined });
    expect(stderr).to.include("install git with your system's package manager");
  });
});

describe('npm start as root on Debian', () => {
  let clone: FreshClone;
  beforeEach(() => {
    clone = new FreshClone();
    clone.remove('redis-server');
  });
  afterEach(() => {
    clone.dispose();
  });

  const root = { root: true };
  const installs = (name: string) => `cp "${clone.bin}/git" "${clone.bin}/${name}"`;

  it('installs a missing program, says so, and keeps its service from starting', async () => {
    clone.program(
      'apt-get',
      `${installs('redis-server')}; cp "${clone.policy}" "${clone.root}/seen"; "${clone.policy}"; echo $? >>"${clone.root}/seen"`,
    );
    clone.program('systemctl');
    const { code, stderr } = await clone.run(['start'], { ...root, systemctl: join(clone.bin, 'systemctl') });
    expect(code).to.equal(0);
    expect(stderr).to.match(/^volt: a Redis server .* is missing; installing the package redis-server with apt-get/);
    const [apt, service] = clone.takeCalls();
    expect(apt).to.match(/^apt-get install -y --no-install-recommends .*redis-server$/);
    expect(service).to.equal('systemctl disable --quiet redis-server');
    expect(clone.read('seen')).to.match(/\n101\n$/);
    expect(existsSync(clone.policy)).to.equal(false);
  });

  it('updates the package lists and tries again when apt-get does not know the package', async () => {
    clone.program(
      'apt-get',
      `if [ "$1" = update ]; then touch "${clone.root}/known"; exit 0; fi\n[ -e "${clone.root}/known" ] || exit 100\n${installs('redis-server')}`,
    );
    expect(await clone.run(['start'], root)).to.have.property('code', 0);
    expect(
      clone
        .takeCalls()
        .map((call) => call.split(' ').slice(0, 2).join(' '))
        .slice(0, 3),
    ).to.deep.equal(['apt-get install', 'apt-get update', 'apt-get install']);
  });

  it('shows the output of apt-get when it fails, and removes the policy', async () => {
    clone.program('apt-get', 'echo "E: no network"; exit 100');
    const { code, stderr } = await clone.run(['start'], root);
    expect(code).to.equal(3);
    expect(stderr).to.match(/\| E: no network\nerror: apt_failed: /);
    expect(existsSync(clone.policy)).to.equal(false);
  });

  it("keeps an administrator's policy-rc.d", async () => {
    clone.write('policy-rc.d', '#!/bin/sh\nexit 0\n');
    clone.program('apt-get', installs('redis-server'));
    await clone.run(['start'], root);
    expect(clone.read('policy-rc.d')).to.equal('#!/bin/sh\nexit 0\n');
  });

  it('waits for apt-get to end after a signal, and removes the policy', async () => {
    clone.program(
      'apt-get',
      `trap "cp ${clone.policy} ${clone.root}/seen; exit 9" TERM\nready\nwhile :; do sleep 0.05; done`,
    );
    const child = clone.spawn(['start'], root);
    await clone.untilCalled('ready');
    child.kill('SIGTERM');
    expect(await ended(child)).to.have.property('code', 128 + 15);
    expect(clone.read('seen')).to.include('exit 101');
    expect(existsSync(clone.policy)).to.equal(false);
  });
});

describe('the family of the system', () => {
  it('follows from ID in os-release, for a derivative from ID_LIKE', () => {
    expect(familyOf('PRETTY_NAME="Debian"\nID=debian\n')).to.equal('debian');
    expect(familyOf('ID=pop\nID_LIKE="ubuntu debian"\n')).to.equal('ubuntu');
    expect(familyOf('ID="rocky"\nID_LIKE="rhel centos fedora"\n')).to.equal('rhel');
    expect(familyOf("ID='opensuse-leap'\nID_LIKE='suse opensuse'\n")).to.equal('suse');
    expect(familyOf('ID=plan9\n')).to.equal(undefined);
    expect(familyOf('')).to.equal(undefined);
  });
});
