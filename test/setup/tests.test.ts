import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestFolders } from '../support/folder.ts';

const runs = new URL('../../src/setup/tests.mjs', import.meta.url);

type Results = { [file: string]: { passed: number; failed: { title: string; error: string }[]; skipped: string[] } };

describe('the runs of npm test', () => {
  const folders = new TestFolders();
  const passes = { passed: 1, failed: [], skipped: [] };
  const fails = { passed: 0, failed: [{ title: 'it works', error: 'it does not' }], skipped: [] };

  after(folders.remove);

  /**
   * @param first what the list with all that no other list has comes to, and with which code mocha ends
   * @param again what its files come to by themselves
   */
  function run(first: { code: number; files: Results }, again: { code: number; files: Results }) {
    const folder = folders.make();
    const [program, results] = [join(folder, 'mocha.mjs'), join(folder, 'results.json')];
    const text = `
      import { appendFileSync, writeFileSync } from 'node:fs';
      const args = process.argv.slice(2);
      appendFileSync(${JSON.stringify(join(folder, 'runs'))}, args.join(' ') + '\\n');
      const { code, files } = args[0] === '--ignore' ? ${JSON.stringify(first)}
        : args.every((arg) => arg.endsWith('.x')) ? ${JSON.stringify(again)} : { code: 0, files: {} };
      writeFileSync(process.env.VOLT_TEST_RESULTS, JSON.stringify(files));
      process.exitCode = code;`;
    writeFileSync(program, text);
    const env = { PATH: process.env.PATH, VOLT_TEST_RESULTS: results };
    const mocha = { file: process.execPath, args: [program], cwd: folder, env };
    const script = `
      import { runTests } from ${JSON.stringify(runs.href)};
      process.exitCode = await runTests(${JSON.stringify(mocha)});`;
    const { status: code } = spawnSync(process.execPath, ['--input-type=module', '--eval', script]);
    const begun = readFileSync(join(folder, 'runs'), 'utf8').trimEnd().split('\n');
    const repeated = begun.filter((args) => /^[^-]\S*\.x/.test(args));
    return { code, ...JSON.parse(readFileSync(results, 'utf8')), repeated };
  }

  it('pass where each test does', () => {
    const end = run({ code: 0, files: { 'a.x': passes } }, { code: 1, files: {} });
    expect(end).to.deep.equal({ code: 0, passed: 1, failed: 0, skipped: [], repeated: [] });
  });

  it('do a file again in which a test has failed, and the second time counts', () => {
    const first = { code: 1, files: { 'a.x': passes, 'b.x': fails } };
    const passed = run(first, { code: 0, files: { 'b.x': passes } });
    expect(passed).to.deep.equal({ code: 0, passed: 2, failed: 0, skipped: [], repeated: ['b.x'] });
    const failed = run(first, { code: 1, files: { 'b.x': fails } });
    expect(failed).to.deep.equal({ code: 1, passed: 1, failed: 1, skipped: [], repeated: ['b.x'] });
  });

  it('fail where anything else went wrong beside a test that would pass by itself', () => {
    const good = { code: 0, files: { 'b.x': passes } };
    const left = run({ code: 254, files: { 'a.x': passes, 'b.x': fails } }, good);
    expect(left).to.deep.include({ code: 254, failed: 1, repeated: [] });
    const hook = run({ code: 1, files: { '': fails } }, good);
    expect(hook).to.deep.include({ code: 1, failed: 1, repeated: [] });
  });

  it('fail where the second time has ended before it could tell', () => {
    const end = run({ code: 1, files: { 'b.x': fails } }, { code: 1, files: {} });
    expect(end).to.deep.include({ code: 1, failed: 1, repeated: ['b.x'] });
  });
});
