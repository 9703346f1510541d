import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { identify, isSeenGone, ownProcess } from '../../src/redis/process-identity.ts';
import { until } from '../support/until.ts';

const hasProc = existsSync('/proc/self/stat');

describe('isSeenGone', () => {
  before(function () {
    if (!hasProc) this.skip();
  });

  it('is false for this process', () => {
    expect(ownProcess()).to.include({ pid: process.pid });
    expect(isSeenGone(ownProcess())).to.equal(false);
  });

  it('is true for a process that has ended', async () => {
    const child = spawn('sleep', ['60']);
    const identity = identify(child.pid as number);
    expect(isSeenGone(identity)).to.equal(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isSeenGone(identity)).to.equal(true);
  });

  it('is true for a zombie', async () => {
    // the shell becomes a program that never asks for the end of its child
    const child = spawn('sh', ['-c', 'sleep 0.3 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    const living = identify(pid);
    expect(isSeenGone(living)).to.equal(false);
    await until('it is a zombie', () => /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')));
    expect(isSeenGone(living)).to.equal(true);
    expect(identify(pid).pidStart, 'it is no process that one could know').to.equal('');
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('is true when a later process has the id', () => {
    expect(isSeenGone({ ...ownProcess(), pidStart: '1' })).to.equal(true);
  });

  it('is false for a process of another machine, or one without a start time', () => {
    const gone = { ...ownProcess(), pid: 2 ** 22 + 1 };
    expect(isSeenGone(gone)).to.equal(true);
    expect(isSeenGone({ ...gone, machine: 'another' })).to.equal(false);
    expect(isSeenGone({ ...gone, pidStart: '' })).to.equal(false);
  });

  it('works for a program with spaces and parentheses in its name', async () => {
    const child = spawn('bash', ['-c', 'printf ") Z 1 2" > /proc/$$/comm; echo ready; read -r _'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    expect(isSeenGone(identify(child.pid as number))).to.equal(false);
    expect(identify(child.pid as number).pidStart).to.match(/^\d+$/);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
});
