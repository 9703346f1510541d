import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { FreshClone } from '../support/fresh-clone.ts';
import { testEnvironment } from './checks.mjs';
import { LONG } from './long.mjs';
import { TOOLS } from './tools.mjs';

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

  it('runs all checks in order, and then each file of tests', async () => {
    const files = ['cli/a.test.ts', 'flow/b.test.ts', 'record/c.test.ts', 'web/browser.test.ts'];
    for (const name of files) clone.write(`test/${name}`, '');
    expect(await clone.runSuite()).to.have.property('code', 0);
    const calls = clone.takeCalls().slice(1);
    expect(calls.slice(0, 4)).to.deep.equal(['biome check .', 'tsc', 'tsc -p tsconfig.client.json', 'knip']);
    expect(calls.slice(4)).to.have.members([
      'mocha test/web/browser.test.ts',
      'mocha test/flow/b.test.ts',
      'mocha test/cli/a.test.ts test/record/c.test.ts',
    ]);
  });

  it('leaves long tests, those with PostgreSQL and the tools of other languages to `npm run test:all`', async () => {
    for (const name of ['cli/a.test.ts', 'chaos/chaos.test.ts', 'record/c.test.ts']) clone.write(`test/${name}`, '');
    const runs = () => clone.takeCalls().filter((call) => call.startsWith('mocha '));
    const short = await clone.runSuite();
    expect(runs()).to.deep.equal(['mocha test/cli/a.test.ts test/record/c.test.ts']);
    const all = await clone.runSuite(['--all']);
    expect(runs()).to.have.members([
      'mocha test/chaos/chaos.test.ts',
      'mocha test/cli/a.test.ts test/record/c.test.ts',
      // with PostgreSQL
      'mocha test/record/c.test.ts',
    ]);
    const skipped = 'skipping the test of a Go module';
    expect([short, all].map(({ stderr }) => stderr.includes(skipped))).to.deep.equal([false, true]);
  });

  it('knows as long only tests and tools that exist', () => {
    const root = join(import.meta.dirname, '../..');
    for (const { files } of LONG) for (const file of files) expect(existsSync(join(root, file)), file).to.equal(true);
    expect(Object.keys(TOOLS)).to.include.members(LONG.flatMap(({ tools }) => tools));
  });

  it('begins no test with networks before those in the browser have ended', async () => {
    for (const name of ['attack/a.test.ts', 'web/browser.test.ts']) clone.write(`test/${name}`, '');
    clone.write(
      'node_modules/.bin/mocha',
      `const [file] = process.argv.slice(2);
      setTimeout(() => require('node:fs').appendFileSync('calls', file + '\\n'), file.includes('browser') ? 300 : 0);`,
    );
    await clone.runSuite();
    expect(clone.takeCalls().slice(-2)).to.deep.equal(['test/web/browser.test.ts', 'test/attack/a.test.ts']);
  });

  it('fails when one run of mocha fails, shows the output of all, and names what failed last', async () => {
    for (const name of ['cli/a.test.ts', 'flow/b.test.ts']) clone.write(`test/${name}`, '');
    clone.write(
      'node_modules/.bin/mocha',
      `const { writeFileSync } = require('node:fs');
      const [file] = process.argv.slice(2);
      const failed = file.startsWith('test/flow/') ? [{ title: 'a test', error: 'what went wrong' }] : [];
      console.log('ran ' + file);
      writeFileSync(process.env.VOLT_TEST_RESULTS, JSON.stringify({ [file]: { passed: 1, failed, skipped: [], seconds: 1 } }));
      process.exit(failed.length * 7);`,
    );
    const { code, stdout } = await clone.runSuite([], { VOLT_TEST_RESULTS: join(clone.root, 'results') });
    expect(code).to.equal(7);
    expect(stdout).to.include('ran test/cli/a.test.ts').and.include('ran test/flow/b.test.ts');
    expect(stdout).to.match(/\nfailed: a test\nwhat went wrong\n$/);
    expect(JSON.parse(clone.read('results'))).to.deep.equal({ passed: 2, failed: 1, skipped: [] });
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
  it('has no setting of Volt but those made for tests, and finds what the setup has found', () => {
    const env = { PATH: '/bin', VOLT_REDIS_URL: 'redis://live', VOLT_TEST_RESULTS: 'f' };
    expect(testEnvironment(env, ['/bin', '/usr/sbin'])).to.deep.equal({
      PATH: '/bin:/usr/sbin',
      VOLT_TEST_RESULTS: 'f',
      GIT_TEMPLATE_DIR: '',
    });
  });
});
