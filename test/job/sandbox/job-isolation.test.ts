import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { JobIsolation } from '../../../src/job/sandbox/job-isolation.ts';
import { TestFolders } from '../../support/folder.ts';

describe("the files of a job's user", () => {
  const folders = new TestFolders();
  after(folders.remove);

  it('never include what a link names that a process of the job puts in the place of a folder', async function () {
    if (process.getuid?.() !== 0) return this.skip();
    const top = folders.make();
    const at = (...names: string[]) => join(top, ...names);
    const files = Array.from({ length: 90 }, (_, index) => `file-${index}`);
    for (const folder of ['machine', 'job/folder']) {
      mkdirSync(at(folder), { recursive: true });
      for (const file of files) writeFileSync(at(folder, file), '');
    }
    symlinkSync(at('machine'), at('link'));
    const swap = `const { renameSync: move } = require('fs'); process.chdir(${JSON.stringify(top)}); console.log('begun');
for (;;) { move('job/folder', 'held'); move('link', 'job/folder'); move('job/folder', 'link'); move('held', 'job/folder'); }`;
    const swapping = spawn(process.execPath, ['-e', swap], { stdio: ['ignore', 'pipe', 'inherit'] });
    const sandbox = new JobIsolation({ level: 'user', user: { uid: 54_321, gid: 54_321 } }, undefined);
    try {
      await once(swapping.stdout, 'data');
      // chown(1) fails where something is gone that it has just seen
      const until = performance.now() + 1000;
      while (performance.now() < until) await sandbox.giveContestedTree(at('job')).catch(() => undefined);
    } finally {
      swapping.kill('SIGKILL');
      await once(swapping, 'exit');
    }
    expect(lstatSync(at('job')).uid).to.equal(54_321);
    for (const file of files) expect(lstatSync(at('machine', file)).uid, file).to.equal(0);
  });
});
