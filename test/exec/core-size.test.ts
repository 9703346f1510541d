import { expect } from 'chai';
import { startChild } from '../support/child.ts';

describe('the core dumps of Volt', function () {
  this.timeout(20_000);

  it('are off for this process and its children, which can turn them on again', async function () {
    if (process.platform !== 'linux') return this.skip();
    const child = startChild(`
      import { execFileSync } from 'node:child_process';
      import { leaveNoCoreDumps } from './src/exec/core-size.ts';
      execFileSync('prlimit', ['--pid=' + process.pid, '--core=unlimited:']);
      const done = await leaveNoCoreDumps();
      const limit = execFileSync('sh', ['-c', 'ulimit -c; ulimit -Hc']).toString().trim().split('\\n');
      console.log(JSON.stringify({ done, limit }));
    `);
    const { done, limit } = JSON.parse(await child.line());
    await child.ended();
    expect(done).to.equal(true);
    expect(limit[0]).to.equal('0');
  });
});
