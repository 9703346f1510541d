import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestFolders } from './support/folder.ts';

const root = join(import.meta.dirname, '..');
const mocha = join(root, 'node_modules/mocha/bin/mocha.js');

describe('a test run', () => {
  const folders = new TestFolders();

  after(folders.remove);

  /** Runs mocha on one file, configured as for all tests. */
  function run(text: string): { status: number | null; said: string } {
    const file = join(folders.make(), 'some.spec.mjs');
    writeFileSync(file, text);
    const options = ['--no-config', '--node-option', 'import=tsx', '--require', './test/support/mocha-leaks.ts'];
    const { status, stdout, stderr } = spawnSync(process.execPath, [mocha, ...options, file], {
      cwd: root,
      encoding: 'utf8',
    });
    return { status, said: stdout + stderr };
  }

  it('fails for an unhandled rejection between two tests, and names the test before it', () => {
    const { status, said } = run(`
      const soon = () => new Promise((resolve) => setImmediate(resolve));
      describe('some', () => {
        it('passes', () => { setImmediate(() => Promise.reject(new Error('left alone'))); });
        after(soon);
      });`);
    expect(status, said).to.equal(254);
    expect(said)
      .to.match(/1 passing/)
      .and.match(/in or after the test "some passes".*left alone/s);
  });

  it('fails for an unhandled rejection after the last test', () => {
    const { status, said } = run(`
      it('passes', () => { setTimeout(() => Promise.reject(new Error('too late')), 50); });`);
    expect(status, said).to.equal(254);
    expect(said).to.include('too late');
  });

  it('passes if every rejection is handled', () => {
    const { status, said } = run(`it('passes', () => { Promise.reject(new Error('known')).catch(() => undefined); });`);
    expect(status, said).to.equal(0);
  });
});
