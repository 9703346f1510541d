import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect } from 'chai';
import { Scope } from '../../src/exec/scope.ts';
import { ActionStore } from '../../src/job/actions/store.ts';
import { isThere } from '../../src/job/discover.ts';
import { runJob } from '../../src/job/job.ts';
import { jobEnvironment } from '../../src/kernel/environment.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';

type Files = { [path: string]: string };

interface Project {
  what: string;
  files: Files;
  /** what the log holds when the tests have run */
  log: RegExp[];
  /** the single tests whose results are found */
  tests?: string[];
  /** whether what its tests need is on this machine */
  possible?: () => boolean;
}

const manifest = (more: object) => JSON.stringify({ name: 'app', version: '1.0.0', private: true, ...more });
const lock = JSON.stringify({
  name: 'app',
  version: '1.0.0',
  lockfileVersion: 3,
  packages: {
    '': { name: 'app', version: '1.0.0', dependencies: { helper: 'file:helper' } },
    helper: { version: '1.0.0' },
    'node_modules/helper': { resolved: 'helper', link: true },
  },
});
const nodeTest = "require('node:test')('adds', () => require('node:assert').equal(require('helper')(1, 2), 3));\n";
const helper = {
  'helper/package.json': JSON.stringify({ name: 'helper', version: '1.0.0' }),
  'helper/index.js': 'module.exports = (a, b) => a + b;\n',
};
const withHelper = manifest({ scripts: { test: 'node --test' }, dependencies: { helper: 'file:helper' } });
const unittest =
  'import unittest\nfrom app import add\n\n\nclass Sum(unittest.TestCase):\n    def test_adds(self):\n        self.assertEqual(add(1, 2), 3)\n';
const app = { 'app.py': 'def add(a, b):\n    return a + b\n' };

const runs =
  (program: string, ...args: string[]) =>
  () => {
    try {
      execFileSync(program, args, { stdio: 'ignore', env: jobEnvironment() });
      return true;
    } catch {
      return false;
    }
  };

/** Small projects that are tested by the real tools. */
const real: Project[] = [
  {
    what: 'Node with a lock file, installed by npm ci',
    files: { 'package.json': withHelper, 'package-lock.json': lock, 'a.test.js': nodeTest, ...helper },
    log: [/\$ npm ci /, /\$ npm test\n[\s\S]*pass 1/],
    tests: [' > adds'],
  },
  {
    what: 'Node without a lock file, installed by npm install',
    files: { 'package.json': withHelper, 'a.test.js': nodeTest, ...helper },
    log: [/\$ npm install /, /\$ npm test\n[\s\S]*pass 1/],
  },
  {
    what: 'Node with tests of Mocha',
    files: {
      'package.json': manifest({ scripts: { test: 'node mocha.js a.test.js' } }),
      'mocha.js': `import(${JSON.stringify(import.meta.resolve('mocha/bin/mocha.js'))});\n`,
      'a.test.js': "describe('a sum', () => it('is right', () => {}));\n",
    },
    log: [/1 passing/],
    tests: ['a sum > is right'],
  },
  {
    what: 'Python with unittest in tests/, as the original ran them',
    files: { ...app, 'tests/__init__.py': '', 'tests/test_sum.py': unittest },
    log: [/found tests\/: if python3 .*unittest discover -v -s tests -t \./, /1 passed|Ran 1 test[\s\S]*OK/],
    tests: ['tests.test_sum.Sum > test_adds'],
    possible: runs('python3', '--version'),
  },
  {
    what: 'Python with a configuration of pytest',
    files: {
      ...app,
      'pyproject.toml': '[tool.pytest.ini_options]\npythonpath = ["."]\n',
      'tests/test_sum.py': 'from app import add\n\n\ndef test_adds():\n    assert add(1, 2) == 3\n',
    },
    log: [/found pyproject\.toml: python3 -m pytest/, /1 passed/],
    tests: ['tests.test_sum > test_adds'],
    possible: runs('python3', '-c', 'import pytest'),
  },
  {
    what: 'a Makefile',
    files: { Makefile: 'check:\n\t@echo made by $(MAKE_VERSION)\n' },
    log: [/found Makefile: make check/, /made by \d/],
    possible: runs('make', '--version'),
  },
  {
    what: 'test.sh',
    files: { 'test.sh': '#!/bin/sh\necho by hand\n' },
    log: [/found test\.sh: \.\/test\.sh/, /by hand/],
  },
];

/** Projects whose tools are too large for this suite; a stand-in on the search path says how it was called. */
const standIns: Project[] = [
  { what: 'cargo', files: { 'Cargo.toml': '[package]\n' }, log: [/stand-in cargo: test\n/] },
  { what: 'go', files: { 'go.mod': 'module x\n' }, log: [/stand-in go: test -v \.\/\.\.\.\n/] },
  { what: 'mvn', files: { 'pom.xml': '<project/>' }, log: [/stand-in mvn: --batch-mode test\n/] },
  { what: 'gradle', files: { 'build.gradle.kts': '' }, log: [/stand-in gradle: test\n/] },
  { what: 'mix', files: { 'mix.exs': '' }, log: [/stand-in mix: deps\.get\n[\s\S]*stand-in mix: test\n/] },
  {
    what: 'pnpm',
    files: { 'package.json': withHelper, 'pnpm-lock.yaml': '' },
    log: [/stand-in pnpm: install --frozen-lockfile\n[\s\S]*stand-in pnpm: test\n/],
  },
  {
    what: 'yarn',
    files: { 'package.json': withHelper, 'yarn.lock': '' },
    log: [/stand-in yarn: install --immutable\n[\s\S]*stand-in yarn: test\n/],
  },
  {
    what: 'bun',
    files: { 'package.json': withHelper, 'bun.lock': '' },
    log: [/stand-in bun: install --frozen-lockfile\n[\s\S]*stand-in bun: run test\n/],
  },
];

describe('a project without workflow and command, of', () => {
  const folders = new TestFolders();
  const mirrors = folders.make();

  after(folders.remove);

  /** Runs the job of a commit that holds these files. */
  async function run(files: Files, path: string, secrets: { [name: string]: string } = {}) {
    const repository = new TestRepository(files);
    const chunks: Buffer[] = [];
    const scope = await Scope.open(3600, 'group');
    try {
      const { outcome, steps, tests } = await runJob(
        {
          repo: { name: 'app', url: repository.path },
          ref: 'refs/heads/main',
          sha: repository.head(),
          plan: { kind: 'discover' },
        },
        {
          folder: join(folders.make(), 'job'),
          mirrors,
          actions: new ActionStore(folders.make(), '/nowhere'),
          toolCache: folders.make(),
          runner: 'box',
          env: { ...jobEnvironment(), PATH: path },
          scope: Promise.resolve(scope),
          output: (chunk) => void chunks.push(chunk),
          progress: () => {},
          secrets: async () => ({ values: secrets, withheld: null }),
          credential: async () => undefined,
          signal: new AbortController().signal,
        },
      );
      return { outcome, steps, tests, log: Buffer.concat(chunks).toString() };
    } finally {
      await scope.close();
      repository.remove();
    }
  }

  const usual = jobEnvironment().PATH ?? '';

  for (const { what, files, log, tests, possible } of real) {
    it(what, async function () {
      if (possible && !possible()) return this.skip();
      const end = await run(files, usual);
      expect(end.outcome, end.log).to.include({ status: 'success', exitCode: 0 });
      for (const text of log) expect(end.log).to.match(text);
      const named = end.tests?.results.map(({ suite, name, status }) =>
        status === 'passed' ? `${suite} > ${name}` : '',
      );
      if (tests) expect(named).to.deep.equal(tests);
    });
  }

  for (const { what, files, log } of standIns) {
    it(`${what}, by a stand-in for it`, async () => {
      const folder = folders.make();
      const program = join(folder, what);
      writeFileSync(program, `#!/bin/sh\necho "stand-in ${what}: $*"\n`);
      chmodSync(program, 0o755);
      const end = await run(files, `${folder}${delimiter}${usual}`);
      expect(end.outcome, end.log).to.include({ status: 'success', exitCode: 0 });
      for (const text of log) expect(end.log).to.match(text);
    });
  }

  it('whose tests fail: results of pytest, with what the log says, and secrets hidden in reports, too', async function () {
    if (!runs('python3', '-c', 'import pytest')()) return this.skip();
    const test = 'import os\n\n\ndef test_fails():\n    assert "word of " + os.environ["WORD"] == ""\n';
    const end = await run({ 'pytest.ini': '[pytest]\n', 'test_a.py': test }, usual, { WORD: 'open-sesame' });
    expect(end.outcome).to.include({ status: 'failure', reason: 'exit_code' });
    expect(end.tests?.summary).to.include({ failed: 1, total: 1 });
    expect(end.tests?.results[0]).to.include({ suite: 'test_a', name: 'test_fails', status: 'failed' });
    expect(end.tests?.results[0]?.details).to.include('word of ***').and.not.include('open-sesame');
  });

  it('that has to do with reports of pytest itself: is left alone', async function () {
    if (!runs('python3', '-c', 'import pytest')()) return this.skip();
    const settings = '[pytest]\naddopts = -p no:junitxml\n';
    const end = await run({ 'pytest.ini': settings, 'test_a.py': 'def test_it():\n    pass\n' }, usual);
    expect(end.outcome, end.log).to.include({ status: 'success' });
    expect(end.tests).to.equal(undefined);
  });

  it('Maven, whose reports are read from their files', async () => {
    const folder = folders.make();
    const report =
      '<testsuite name="S"><testcase classname="S" name="a"><failure message="no"/></testcase></testsuite>';
    const lines = ['mkdir -p app/target/surefire-reports', `echo '${report}' > app/target/surefire-reports/TEST-S.xml`];
    writeFileSync(join(folder, 'mvn'), `#!/bin/sh\n${lines.join('\n')}\nexit 1\n`);
    chmodSync(join(folder, 'mvn'), 0o755);
    const end = await run({ 'pom.xml': '<project/>' }, `${folder}${delimiter}${usual}`);
    expect(end.tests?.results.map(({ name, message }) => [name, message])).to.deep.equal([['a', 'no']]);
  });

  it('a tool that the runner does not have is an error of ours, which names it', async () => {
    const end = await run({ 'mix.exs': '' }, folders.make());
    expect(end.outcome).to.include({ status: 'error', reason: 'tool_missing', exitCode: null });
    expect(end.outcome.message).to.match(/mix\.exs asks for `mix deps\.get`, and this runner has no mix\. Install it/);
    expect(end.log).to.include('this runner has no mix');
  });

  it('programs on the search path, or in the checkout', () => {
    const folder = folders.make();
    writeFileSync(join(folder, 'gradlew'), '');
    expect(isThere('./gradlew', folder, '')).to.equal(false);
    chmodSync(join(folder, 'gradlew'), 0o755);
    expect(isThere('./gradlew', folder, '')).to.equal(true);
    expect(isThere('gradlew', '/', `/nowhere${delimiter}${delimiter}${folder}`)).to.equal(true);
    expect(isThere('sh', folder, '/bin')).to.equal(true);
    expect(isThere('bin', folder, '/usr'), 'a folder is no program').to.equal(false);
  });
});
