import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { runCommand } from '../../src/exec/command.ts';
import { detectGroupKind } from '../../src/exec/group-kind.ts';
import { type GroupKind, ProcessGroup } from '../../src/exec/process-group.ts';
import { jobEnvironment } from '../../src/system/environment.ts';
import { startChild } from '../support/child.ts';
import { escapes } from '../support/escapes.ts';
import { groupKinds, isPossible } from '../support/group-kinds.ts';
import { longSleep, processesWith } from '../support/seen-processes.ts';
import { until } from '../support/until.ts';

/** Seconds; longer than any test. */
const forEver = 3600;

/**
 * A program that opens a process group, leaves a daemon in it, and renews the lease until it dies. After SIGUSR2 a renewal
 * holds for half a second.
 */
const owner = `
  import { ProcessGroup } from './src/exec/process-group.ts';
  import { runCommand } from './src/exec/command.ts';
  const [groupKind, sleep] = process.argv.slice(-2);
  const processes = await ProcessGroup.open(45, groupKind);
  const env = { PATH: process.env.PATH };
  const argv = ['sh', '-c', 'setsid sleep "$0" >/dev/null 2>&1 & sleep 0.05', sleep];
  await runCommand({ processes, argv, cwd: '/', env, output: () => {}, signal: new AbortController().signal });
  let left = 45;
  setInterval(() => processes.beat(left), 50);
  process.on('SIGUSR2', () => {
    left = 0.5;
    processes.beat(left);
    console.log('short leases');
  });
  console.log('left behind');
`;

for (const groupKind of groupKinds) {
  describe(`a process group of kind ${groupKind}`, () => {
    const open: ProcessGroup[] = [];

    before(async function () {
      if (!(await isPossible(groupKind))) this.skip();
    });

    afterEach(async () => {
      for (const processes of open.splice(0)) await processes.close();
    });

    async function begin(ttl = forEver): Promise<ProcessGroup> {
      const processes = await ProcessGroup.open(ttl, groupKind);
      open.push(processes);
      return processes;
    }

    /** Runs a script inside; what it leaves running continues. @returns its output */
    async function run(processes: ProcessGroup, script: string, env: Record<string, string> = {}): Promise<string> {
      let said = '';
      const output = (chunk: Buffer) => {
        said += chunk;
      };
      const signal = new AbortController().signal;
      await runCommand({
        processes,
        argv: ['sh', '-c', script],
        cwd: '/',
        env: { ...jobEnvironment(), ...env },
        output,
        signal,
      });
      return said.trim();
    }

    /** Leaves a sleeping process in the process group. @returns a text by which it can be found */
    async function leave(processes: ProcessGroup, script = 'setsid sleep $S >/dev/null 2>&1 &'): Promise<string> {
      const sleep = longSleep();
      await run(processes, script, { S: sleep });
      await until('it sleeps', () => processesWith(sleep).length > 0);
      return sleep;
    }

    it('is alive until it is closed, and knows its supervisor', async () => {
      const processes = await begin();
      expect(processes).to.include({ alive: true, expired: false, groupKind });
      expect(readFileSync(`/proc/${processes.pid}/comm`, 'utf8').trim()).to.equal('bash');
      await processes.close();
      expect(processes).to.include({ alive: false, expired: false });
      await processes.close();
    });

    for (const [how, script] of escapes) {
      it(`ends processes that a command left ${how}`, async () => {
        const processes = await begin();
        const sleep = await leave(processes, script);
        await processes.close();
        expect(processesWith(sleep)).to.deep.equal([]);
      });
    }

    it('keeps processes that a command left until it is closed', async () => {
      const processes = await begin();
      const sleep = await leave(processes);
      expect(await run(processes, `pgrep -f '^sleep ${sleep}$' >/dev/null && echo still here`)).to.equal('still here');
    });

    it('leaves other process groups alone', async () => {
      const [one, two] = [await begin(), await begin()];
      const sleeps = [await leave(one), await leave(two)] as const;
      await one.close();
      expect(processesWith(sleeps[0])).to.deep.equal([]);
      expect(processesWith(sleeps[1])).to.have.length(1);
      expect(two.alive).to.equal(true);
    });

    it('ends everything when its lease is not renewed, and reports that as the cause', async () => {
      const processes = await begin(0.2);
      let said = false;
      processes.whenExpired(() => {
        said = true;
      });
      const sleep = longSleep();
      void run(processes, 'sleep $S', { S: sleep });
      await until('it is over', () => said);
      expect(processes).to.include({ alive: false, expired: true });
      expect(processesWith(sleep)).to.deep.equal([]);
    });

    // the script is the same in a user namespace, and the test is slow
    const timed = groupKind === 'user-namespace' ? () => undefined : it;

    timed('lives for as long as its lease is renewed', async () => {
      const processes = await begin(0.7);
      let beats = 0;
      const beating = setInterval(() => {
        processes.beat();
        beats++;
      }, 50);
      const sleep = await leave(processes);
      await until('more than one lease has passed', () => beats > 20);
      clearInterval(beating);
      expect(processes.alive).to.equal(true);
      expect(processesWith(sleep)).to.have.length(1);
    });

    it('reports an expired lease even if it is closed at the same moment', async () => {
      const processes = await begin(0.1);
      const ended = run(processes, 'sleep $S', { S: longSleep() });
      // the end of the command is noticed before that of the process group
      await ended;
      await processes.close();
      expect(processes.expired).to.equal(true);
    });

    timed('takes a beat for what it says, in whatever moment of its waiting that comes', async () => {
      const processes = await begin(2);
      let beats = 0;
      // it waits for 250 ms at a time, so beats come at any moment of a wait
      const beating = setInterval(() => {
        processes.beat();
        beats++;
      }, 99);
      await until('many beats', () => beats > 60);
      clearInterval(beating);
      expect(processes.alive).to.equal(true);
      processes.beat(0.1);
      await until('it has ended', () => !processes.alive);
      expect(processes.expired).to.equal(true);
    });

    it('does not report an expired lease when it was closed', async () => {
      const processes = await begin();
      let said = false;
      processes.whenExpired(() => {
        said = true;
      });
      await processes.close();
      await new Promise((resolve) => setImmediate(resolve));
      expect(said).to.equal(false);
    });

    it('ends everything when the process that opened it is killed', async () => {
      const sleep = longSleep();
      const child = startChild(owner, { args: [groupKind, sleep] });
      await child.line();
      expect(processesWith(sleep)).to.have.length(2);
      await child.kill();
      await until('it is gone', () => processesWith(sleep).length === 0);
    });

    timed('ends everything when the process that opened it is frozen', async () => {
      const sleep = longSleep();
      const child = startChild(owner, { args: [groupKind, sleep] });
      await child.line();
      child.signal('SIGUSR2');
      await child.line();
      child.signal('SIGSTOP');
      await until('only the frozen one is left', () => processesWith(sleep).length === 1);
      expect(processesWith(sleep)).to.deep.equal([child.pid]);
      await child.kill();
    });
  });
}

describe('a process group in a namespace', () => {
  let processes: ProcessGroup;

  before(async function () {
    if (!(await isPossible('namespace'))) this.skip();
    processes = await ProcessGroup.open(forEver, 'namespace');
  });

  after(() => processes?.close());

  async function run(script: string): Promise<string> {
    let said = '';
    const output = (chunk: Buffer) => {
      said += chunk;
    };
    await runCommand({
      processes,
      argv: ['sh', '-c', script],
      cwd: '/',
      env: jobEnvironment(),
      output,
      signal: new AbortController().signal,
    });
    return said.trim();
  }

  it('sees no processes outside', async () => {
    const sleep = longSleep();
    const other = await ProcessGroup.open(forEver, 'group');
    const ended = runCommand({
      processes: other,
      argv: ['sleep', sleep],
      cwd: '/',
      env: jobEnvironment(),
      output: () => {},
      signal: new AbortController().signal,
    });
    await until('it is there', () => processesWith(sleep).length > 0);
    expect((await run('cat /proc/[0-9]*/comm')).split('\n'))
      .to.include('sh')
      .and.not.include('sleep');
    expect(processesWith(sleep)).to.have.length(1);
    await other.close();
    await ended;
  });

  it('cannot be ended by a process inside', async () => {
    const outside = readlinkSync('/proc/self/ns/pid');
    const script = `
      [ "$(readlink /proc/self/ns/pid)" = '${outside}' ] && exit
      for signal in KILL TERM INT HUP QUIT STOP ALRM USR1 USR2 PIPE ABRT SEGV; do kill -$signal 1; done
      echo tried`;
    expect(await run(script)).to.equal('tried');
    expect(await run('echo still here')).to.equal('still here');
    expect(processes.alive).to.equal(true);
  });

  it('ends when the machine was suspended for longer than its lease, though its clock stood still', async () => {
    const asleep = await ProcessGroup.open(600, 'namespace');
    const folder = mkdtempSync(join(tmpdir(), 'volt-test-'));
    const uptime = join(folder, 'uptime');
    const began = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
    writeFileSync(uptime, `${began.toFixed(2)} 0.00\n`);
    // only the supervisor sees this file as the machine's uptime
    execFileSync('nsenter', [`--target=${asleep.pid}`, '--mount', 'mount', '--bind', uptime, '/proc/uptime']);
    expect(asleep.alive).to.equal(true);
    writeFileSync(uptime, `${(began + 601).toFixed(2)} 0.00\n`, { flag: 'r+' });
    await until('it has ended', () => !asleep.alive);
    expect(asleep.expired).to.equal(true);
    rmSync(folder, { recursive: true });
  });

  it('takes beats only from the process that opened it', async () => {
    expect(await run('echo > /proc/1/fd/0 && echo forged')).to.not.include('forged');
  });
});

describe('the kind of process groups on this machine', () => {
  it('is the best one that works', async () => {
    const best: GroupKind[] = [];
    for (const groupKind of groupKinds) if (await isPossible(groupKind)) best.push(groupKind);
    expect(await detectGroupKind()).to.equal(best[0]);
  });

  it('is group without namespaces', async () => {
    const code = `
      import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
      const folder = mkdtempSync('/tmp/volt-test-');
      writeFileSync(folder + '/unshare', '#!/bin/sh\\necho "Operation not permitted" >&2; exit 1', { mode: 0o755 });
      process.env.PATH = folder + ':' + process.env.PATH;
      const { detectGroupKind } = await import('./src/exec/group-kind.ts');
      console.log(await detectGroupKind());
      rmSync(folder, { recursive: true });
    `;
    const child = startChild(code);
    expect(await child.line()).to.equal('group');
    expect(await child.ended()).to.equal(0);
  });
});
