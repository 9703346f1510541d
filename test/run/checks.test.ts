import { join } from 'node:path';
import { expect } from 'chai';

import { FreshClone } from '../support/fresh-clone.ts';
import { testEnvironment } from './checks.mjs';

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
    expect(await clone.runSuite()).to.have.property('code', 0);
    const calls = clone.takeCalls().slice(1);
    expect(calls.slice(0, 4)).to.deep.equal(['biome check .', 'tsc', 'tsc -p tsconfig.client.json', 'knip']);
    expect(calls.slice(4)).to.have.members([
      'mocha test/web/browser.test.ts',
      'mocha test/flow/[a-r]*.test.ts',
      'mocha test/flow/[!a-r]*.test.ts',
      'mocha test/attack',
      'mocha test/chaos',
      ...['cli', 'job', 'git', 'web'].map((name) => `mocha test/${name} --ignore test/web/browser.test.ts`),
      `mocha test ${['cli', 'job', 'git', 'web', 'flow', 'attack', 'chaos'].map((name) => `--ignore test/${name}/**`).join(' ')}`,
      `mocha test/record ${onPostgres.join(' ')} test/web/changes.test.ts`,
    ]);
  });

  it('fails when one run of mocha fails, and shows the output of all', async () => {
    for (const half of ['test', 'test/attack']) {
      clone.write(
        'node_modules/.bin/mocha',
        `const half = process.argv[2]; console.log('ran ' + half); process.exit(half === '${half}' ? 7 : 0);`,
      );
      const { code, stdout } = await clone.runSuite();
      expect(code).to.equal(7);
      expect(stdout).to.include('ran test\n').and.include('ran test/attack');
    }
  });

  it('fails for a test that fails, whatever it would do if it ran again, and names it last with the numbers', async () => {
    clone.write(
      'node_modules/.bin/mocha',
      `const { existsSync, writeFileSync } = require('node:fs');
      if (!process.argv.includes('test/attack')) process.exit(0);
      const failed = existsSync('ran') ? [] : [{ title: 'a test', error: 'what went wrong' }];
      writeFileSync('ran', '');
      const files = { 'test/flow/a.test.ts': { passed: 1, failed, skipped: ['another'], seconds: 1 } };
      writeFileSync(process.env.VOLT_TEST_RESULTS, JSON.stringify(files));
      process.exit(failed.length);`,
    );
    const { code, stdout } = await clone.runSuite([], { VOLT_TEST_RESULTS: join(clone.root, 'results') });
    expect(code).to.equal(1);
    expect(stdout).to.match(/\nfailed: a test\nwhat went wrong\n$/);
    expect(JSON.parse(clone.read('results'))).to.deep.equal({ passed: 1, failed: 1, skipped: ['another'] });
  });

  it('stops at the first that fails, with its exit code', async () => {
    check('tsc', 2);
    expect(await clone.runSuite()).to.have.property('code', 2);
    expect(clone.takeCalls().slice(1)).to.deep.equal(['biome check .', 'tsc']);
  });

  it('gives arguments to mocha and runs nothing else', async () => {
    await clone.runSuite(['test/kernel', '--grep', 'x']);
    expect(clone.takeCalls().slice(1)).to.deep.equal(['mocha test/kernel --grep x']);
  });

  it('names what it skips when there is no browser', async () => {
    clone.remove('chromium');
    const { code, stderr } = await clone.runSuite();
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
