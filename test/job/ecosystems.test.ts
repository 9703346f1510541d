import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { isThere } from '../../src/job/project-programs.ts';
import { jobEnvironment } from '../../src/system/environment.ts';
import { programOn } from '../../src/system/search-path.ts';
import { TestFolders } from '../support/folder.ts';
import { ProjectJobs } from '../support/project-jobs.ts';
import { canMakeEnvironments, Wheels } from '../support/wheels.ts';
import { folderOf } from './kinds/machine.ts';

const execute = promisify(execFile);

/** Whether packages can be fetched from npm's registry. */
function hasRegistry(): Promise<boolean> {
  return execute('npm', ['view', 'pnpm@10.0.0', 'version']).then(
    () => true,
    () => false,
  );
}

describe('a project without workflow and command', () => {
  const folders = new TestFolders();
  const jobs = new ProjectJobs();
  let hasPytest = false;
  const wheels = new Wheels(folders.make());
  before(() => {
    hasPytest = wheels.makePytest();
  });
  after(async () => {
    await jobs.close();
    folders.remove();
  });

  const usual = jobEnvironment().PATH ?? '';

  it('whose tests fail: results of pytest as in the log, with secrets masked in reports, too', async function () {
    if (!canMakeEnvironments() || !hasPytest) return this.skip();
    const test = 'import os\n\n\ndef test_fails():\n    assert "word of " + os.environ["WORD"] == ""\n';
    const end = await jobs.run(
      { 'pytest.ini': '[pytest]\n', 'test_a.py': test },
      {
        env: wheels.variables,
        secrets: { WORD: 'open-sesame' },
      },
    );
    expect(end.outcome).to.include({ status: 'failure', reason: 'exit_code' });
    expect(end.tests?.summary).to.include({ failed: 1, total: 1 });
    expect(end.tests?.results[0]).to.include({ suite: 'test_a', name: 'test_fails', status: 'failed' });
    expect(end.tests?.results[0]?.details).to.include('word of ***').and.not.include('open-sesame');
  });

  const early: [runner: string, files: { [path: string]: string }][] = [
    ['pytest', { 'pytest.ini': '[pytest]\naddopts = -qq\n', 'conftest.py': 'import os\nos._exit(0)\n' }],
    ['unittest', { 'setup.cfg': '', 'test_a.py': 'import os\nos._exit(0)\n' }],
  ];
  for (const [runner, files] of early)
    it(`whose tests end ${runner} early with code 0: an error, since no tests were reported`, async function () {
      if (!canMakeEnvironments() || !hasPytest) return this.skip();
      const end = await jobs.run(files, { env: wheels.variables });
      expect(end.outcome, end.log).to.include({ status: 'error', reason: 'no_tests_found', exitCode: 0 });
      expect(end.outcome.message).to.include(`${runner} ended with 0 but reported no tests`);
    });

  it('whose pytest prints as little as it can: a success by its report', async function () {
    if (!canMakeEnvironments() || !hasPytest) return this.skip();
    const end = await jobs.run(
      { 'pytest.ini': '[pytest]\naddopts = -qq\n', 'test_a.py': 'def test_it():\n    pass\n' },
      { env: wheels.variables },
    );
    expect(end.outcome, end.log).to.include({ status: 'success' });
    expect(end.tests?.summary).to.include({ passed: 1, total: 1 });
  });

  it('that writes pytest reports itself: is left alone', async function () {
    if (!canMakeEnvironments() || !hasPytest) return this.skip();
    const settings = '[pytest]\naddopts = -p no:junitxml\n';
    const end = await jobs.run(
      { 'pytest.ini': settings, 'test_a.py': 'def test_it():\n    pass\n' },
      { env: wheels.variables },
    );
    expect(end.outcome, end.log).to.include({ status: 'success' });
    expect(end.tests?.summary, 'read from the output').to.include({ passed: 1 });
  });

  it('the version that the commit asks for: taken from the tool cache', async () => {
    const toolCache = folders.make();
    const folder = join(toolCache, 'node/99.1.0', process.arch, 'bin');
    mkdirSync(folder, { recursive: true });
    const told = 'if [ "$1" = --version ]; then echo v99.1.0; exit; fi';
    writeFileSync(join(folder, 'node'), `#!/bin/sh\n${told}\nNODE_IS=new exec '${process.execPath}' "$@"\n`);
    chmodSync(join(folder, 'node'), 0o755);
    const test = 'node -e "process.exit(process.env.NODE_IS === \'new\' ? 0 : 1)"';
    const files = { 'package.json': JSON.stringify({ scripts: { test } }) };
    const end = await jobs.run({ ...files, '.nvmrc': 'v99.1\n' }, { toolCache });
    expect(end.outcome, end.log).to.include({ status: 'success' });
    expect(end.log).to.include('.nvmrc asks for node v99.1: the tool cache has 99.1.0');
    const other = await jobs.run({ ...files, '.nvmrc': 'v98\n' }, { toolCache });
    expect(other.outcome, other.log).to.include({ status: 'failure' });
    expect(other.log).to.match(/\.nvmrc asks for node v98, which this runner does not have: it uses [\d.]+ instead/);
  });

  it('a package manager that the runner lacks: brought by corepack, also for scripts', async function () {
    this.timeout(300_000);
    const corepack = folderOf('corepack');
    // without npm's registry there is nothing to bring
    if (corepack === undefined || !(await hasRegistry())) return this.skip();
    const path = folders.make();
    for (const name of ['node', 'corepack', 'sh', 'env', 'mkdir'])
      symlinkSync(programOn(`${corepack}:${usual}`, name) ?? '/nowhere', join(path, name));
    const scripts = { test: 'pnpm run inner', inner: "node -e 'console.log(1)'" };
    const files = { 'package.json': JSON.stringify({ name: 'app', packageManager: 'pnpm@10.0.0', scripts }) };
    // mirrors of the registry often have no signatures
    const env = { PATH: path, COREPACK_INTEGRITY_KEYS: '0', COREPACK_HOME: folders.make() };
    const end = await jobs.run(files, { env });
    expect(end.outcome, end.log).to.include({ status: 'success' });
    expect(end.log).to.include('corepack brings pnpm, which this runner does not have');
    const lacking = await jobs.run({ 'package.json': JSON.stringify({ scripts }), 'bun.lock': '' }, { env });
    expect(lacking.outcome).to.include({ status: 'error', reason: 'tool_missing' });
  });

  it('programs on the search path, or in the checkout', async () => {
    const folder = folders.make();
    writeFileSync(join(folder, 'gradlew'), '');
    const project = { workspace: folder, folder: '' };
    const on = (path: string) => ({ path, host: { find: async (name: string) => programOn(path, name) } });
    expect(await isThere('./gradlew', project, on(''))).to.equal(false);
    chmodSync(join(folder, 'gradlew'), 0o755);
    expect(await isThere('./gradlew', project, on(''))).to.equal(true);
    const inside = { workspace: dirname(folder), folder: basename(folder) };
    expect(await isThere('./gradlew', inside, on('')), 'in a folder of the checkout').to.equal(true);
    expect(await isThere('../gradlew', { ...inside, workspace: folder, folder: '' }, on('')), 'outside').to.equal(
      false,
    );
    expect(await isThere('gradlew', project, on(`/nowhere${delimiter}${delimiter}${folder}`))).to.equal(true);
    expect(await isThere('sh', project, on('/bin'))).to.equal(true);
    expect(await isThere('bin', project, on('/usr')), 'a folder is no program').to.equal(false);
  });
});
