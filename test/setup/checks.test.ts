import { join } from 'node:path';
import { expect } from 'chai';
import { testEnvironment } from '../../src/setup/checks.mjs';
import { FreshClone } from '../support/fresh-clone.ts';

describe('`npm test`', () => {
  let clone: FreshClone;
  beforeEach(() => {
    clone = new FreshClone();
    clone.write('node_modules/package.json', '{}');
    clone.write('node_modules/.package-lock.json', clone.read('package-lock.json'));
    for (const name of ['chromium', 'sshd', 'git-lfs', 'ip', 'systemd-analyze']) clone.program(name);
    for (const name of tools) check(name);
  });
  afterEach(() => {
    clone.dispose();
  });

  const tools = ['biome', 'tsc', 'knip', 'mocha'];
  /** Stands for a check; `code` is its exit code. */
  const check = (name: string, code = 0) =>
    clone.write(
      `node_modules/.bin/${name}`,
      `require('node:fs').appendFileSync('calls', ['${name}', ...process.argv.slice(2)].join(' ') + '\\n'); process.exit(${code});`,
    );

  const onPostgres = ['database-away', 'several-stages', 'verdicts'].map((name) => `test/flow/${name}.test.ts`);

  it('runs all checks in order', async () => {
    expect(await clone.run(['test'])).to.have.property('code', 0);
    const calls = clone.takeCalls().slice(1);
    expect(calls.slice(0, 4)).to.deep.equal(['biome check .', 'tsc', 'tsc -p tsconfig.client.json', 'knip']);
    expect(calls.slice(4)).to.have.members([
      'mocha test/attack test/chaos test/flow test/web/browser.test.ts',
      'mocha test/cli test/job',
      'mocha --ignore test/attack/** --ignore test/chaos/** --ignore test/flow/** --ignore test/web/browser.test.ts --ignore test/cli/** --ignore test/job/**',
      `mocha test/record ${onPostgres.join(' ')} test/web/changes.test.ts`,
    ]);
  });

  it('fails when either half of the tests fails, and tells of both', async () => {
    for (const half of ['--ignore', 'test/attack']) {
      clone.write(
        'node_modules/.bin/mocha',
        `const half = process.argv[2]; console.log('ran ' + half); process.exit(half === '${half}' ? 7 : 0);`,
      );
      const { code, stdout } = await clone.run(['test']);
      expect(code).to.equal(7);
      expect(stdout).to.include('ran --ignore').and.include('ran test/attack');
    }
  });

  /** Stands for mocha: one test in a file passes, the other fails on the runs (counted from 1) that `fails` names. */
  const flakyMocha = (fails: number[]) =>
    clone.write(
      'node_modules/.bin/mocha',
      `const { existsSync, readFileSync, writeFileSync } = require('node:fs');
      if (!process.argv.includes('test/attack') && !process.argv.includes('test/flow/a.test.ts')) process.exit(0);
      const count = existsSync('count') ? Number(readFileSync('count', 'utf8')) + 1 : 1;
      writeFileSync('count', String(count));
      const failed = ${JSON.stringify(fails)}.includes(count) ? [{ title: 'a test', error: 'what went wrong' }] : [];
      const files = { 'test/flow/a.test.ts': { passed: 2 - failed.length, failed, skipped: ['another'] } };
      writeFileSync(process.env.VOLT_TEST_RESULTS, JSON.stringify(files));
      process.exit(failed.length);`,
    );

  it('runs a file again by itself in which a test failed, and names what passes only then', async () => {
    flakyMocha([1]);
    const { code, stdout, stderr } = await clone.run(['test'], {}, { VOLT_TEST_RESULTS: join(clone.root, 'results') });
    expect(code).to.equal(0);
    expect(stderr).to.include('tests of the whole system, again by themselves: mocha test/flow/a.test.ts');
    expect(stdout).to.match(/\npassed only by itself: a test\nwhat went wrong\n$/);
    expect(JSON.parse(clone.read('results'))).to.deep.equal({ passed: 2, failed: 0, skipped: ['another'] });
  });

  it('ends with what failed both times, and with the numbers', async () => {
    flakyMocha([1, 2]);
    const { code, stdout } = await clone.run(['test'], {}, { VOLT_TEST_RESULTS: join(clone.root, 'results') });
    expect(code).to.equal(1);
    expect(stdout)
      .to.match(/\nfailed: a test\nwhat went wrong\n$/)
      .and.not.include('passed only');
    expect(JSON.parse(clone.read('results'))).to.deep.equal({ passed: 1, failed: 1, skipped: ['another'] });
  });

  it('stops at the first that fails, with its exit code', async () => {
    check('tsc', 2);
    expect(await clone.run(['test'])).to.have.property('code', 2);
    expect(clone.takeCalls().slice(1)).to.deep.equal(['biome check .', 'tsc']);
  });

  it('gives arguments to mocha and runs nothing else', async () => {
    await clone.run(['test', 'test/kernel', '--grep', 'x']);
    expect(clone.takeCalls().slice(1)).to.deep.equal(['mocha test/kernel --grep x']);
  });

  it('names what it skips when there is no browser', async () => {
    clone.remove('chromium');
    const { code, stderr } = await clone.run(['test']);
    expect(code).to.equal(0);
    expect(stderr).to.include('skipping the tests of the dashboard in a browser');
  });
});

describe('the environment of the tests', () => {
  it('has no setting of Volt but those made for tests', () => {
    expect(testEnvironment({ PATH: '/bin', VOLT_REDIS_URL: 'redis://live', VOLT_TEST_RESULTS: 'f' })).to.deep.equal({
      PATH: '/bin',
      VOLT_TEST_RESULTS: 'f',
    });
  });
});
