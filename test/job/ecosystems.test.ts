import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { ProcessGroup } from '../../src/exec/process-group.ts';
import { ownerFetchPolicy } from '../../src/git/access/fetch-policy.ts';
import { ActionStore } from '../../src/job/actions/store.ts';
import { runJob } from '../../src/job/job.ts';
import { isThere } from '../../src/job/project-programs.ts';
import { Sandbox } from '../../src/job/sandbox/sandbox.ts';
import { TextWorker } from '../../src/job/texts/text-worker.ts';
import { ownTrust } from '../../src/kernel/trust.ts';
import { jobEnvironment } from '../../src/system/environment.ts';
import { programOn } from '../../src/system/search-path.ts';
import { TestFolders } from '../support/folder.ts';
import { TestRepository } from '../support/repository.ts';
import { canMakeEnvironments, Wheels } from '../support/wheels.ts';
import { type Files, folderOf, npmTools, type Project, projects } from './projects.ts';

const execute = promisify(execFile);

describe('a project without workflow and command, of', () => {
  const folders = new TestFolders();
  const mirrors = folders.make();

  let tools: Promise<Map<string, string>>;

  const texts = new TextWorker();
  let hasPytest = false;
  const wheels = new Wheels(folders.make());
  before(() => {
    tools = installTools(folders.make());
    hasPytest = wheels.makePytest();
  });
  after(async () => {
    await texts.close();
    await tools;
    folders.remove();
  });

  /** Runs the job of a commit that holds these files. */
  async function run(
    files: Files,
    path: string,
    secrets: { [name: string]: string } = {},
    { toolCache = folders.make(), env = {} }: { toolCache?: string; env?: { [name: string]: string } } = {},
  ) {
    const repository = new TestRepository(files);
    const chunks: Buffer[] = [];
    const processes = await ProcessGroup.open(3600, 'group');
    try {
      const { outcome, steps, tests } = await runJob(
        {
          repo: { name: 'app', url: repository.path },
          ref: 'refs/heads/main',
          trust: ownTrust,
          sha: repository.head(),
          plan: { kind: 'discover' },
        },
        {
          folder: join(folders.make(), 'job'),
          mirrors,
          fetchPolicy: ownerFetchPolicy,
          gitLimits: {},
          actions: new ActionStore(folders.make(), '/nowhere', { fetchPolicy: ownerFetchPolicy, limits: {} }),
          toolCache,
          ownActions: [],
          caches: folders.make(),
          artifacts: folders.make(),
          runner: 'box',
          texts: texts.forJob('box'),
          sandbox: Sandbox.none,
          env: { ...jobEnvironment(), ...wheels.variables, ...env, PATH: path },
          processes: Promise.resolve(processes),
          output: (chunk) => void chunks.push(Buffer.from(chunk)),
          progress: () => {},
          secrets: async () => ({ values: secrets, withheld: null }),
          credential: async () => undefined,
          signal: new AbortController().signal,
        },
      );
      return { outcome, steps, tests, log: Buffer.concat(chunks).toString() };
    } finally {
      await processes.close();
      repository.remove();
    }
  }

  const usual = jobEnvironment().PATH ?? '';

  for (const { what, files, log, tests, possible, program, by } of projects) {
    it(what, async function () {
      this.timeout(300_000);
      if (possible && !possible()) return this.skip();
      const tool = by && (await tools).get(by.tool);
      if (by && !tool) return this.skip();
      const folder = tool ? dirname(tool) : program && folderOf(program);
      if (program && !folder) return this.skip();
      const locked = by && tool ? { ...files, [by.file]: await lockFile(files, by, tool) } : files;
      const end = await run(locked, folder ? `${folder}${delimiter}${usual}` : usual);
      expect(end.outcome, end.log).to.include({ status: 'success', exitCode: 0 });
      for (const text of log) expect(end.log).to.match(text);
      const named = end.tests?.results.map(({ suite, name, status }) =>
        status === 'passed' ? `${suite} > ${name}` : '',
      );
      if (tests) expect(named).to.deep.equal(tests);
    });
  }

  it('whose tests fail: results of pytest as in the log, with secrets masked in reports, too', async function () {
    if (!canMakeEnvironments() || !hasPytest) return this.skip();
    const test = 'import os\n\n\ndef test_fails():\n    assert "word of " + os.environ["WORD"] == ""\n';
    const end = await run({ 'pytest.ini': '[pytest]\n', 'test_a.py': test }, usual, { WORD: 'open-sesame' });
    expect(end.outcome).to.include({ status: 'failure', reason: 'exit_code' });
    expect(end.tests?.summary).to.include({ failed: 1, total: 1 });
    expect(end.tests?.results[0]).to.include({ suite: 'test_a', name: 'test_fails', status: 'failed' });
    expect(end.tests?.results[0]?.details).to.include('word of ***').and.not.include('open-sesame');
  });

  it('that writes pytest reports itself: is left alone', async function () {
    if (!canMakeEnvironments() || !hasPytest) return this.skip();
    const settings = '[pytest]\naddopts = -p no:junitxml\n';
    const end = await run({ 'pytest.ini': settings, 'test_a.py': 'def test_it():\n    pass\n' }, usual);
    expect(end.outcome, end.log).to.include({ status: 'success' });
    expect(end.tests?.summary, 'read from the output').to.include({ passed: 1 });
  });

  it('a tool that the runner does not have: an error of Volt that names it', async () => {
    const end = await run({ 'mix.exs': '' }, folders.make());
    expect(end.outcome).to.include({ status: 'error', reason: 'tool_missing', exitCode: null });
    expect(end.outcome.message).to.match(/mix\.exs needs `mix deps\.get`, but this runner has no mix\. Install it/);
    expect(end.log).to.include('this runner has no mix');
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
    const end = await run({ ...files, '.nvmrc': 'v99.1\n' }, usual, {}, { toolCache });
    expect(end.outcome, end.log).to.include({ status: 'success' });
    expect(end.log).to.include('.nvmrc asks for node v99.1: the tool cache has 99.1.0');
    const other = await run({ ...files, '.nvmrc': 'v98\n' }, usual, {}, { toolCache });
    expect(other.outcome, other.log).to.include({ status: 'failure' });
    expect(other.log).to.match(/\.nvmrc asks for node v98, which this runner does not have: it uses [\d.]+ instead/);
  });

  it('a package manager that the runner lacks: brought by corepack, also for scripts', async function () {
    this.timeout(300_000);
    const corepack = folderOf('corepack');
    // without npm's registry there is nothing to bring
    if (corepack === undefined || !(await tools).has('pnpm')) return this.skip();
    const path = folders.make();
    for (const name of ['node', 'corepack', 'sh', 'env', 'mkdir'])
      symlinkSync(programOn(`${corepack}:${usual}`, name) ?? '/nowhere', join(path, name));
    const scripts = { test: 'pnpm run inner', inner: "node -e 'console.log(1)'" };
    const files = { 'package.json': JSON.stringify({ name: 'app', packageManager: 'pnpm@10.0.0', scripts }) };
    // mirrors of the registry often have no signatures
    const env = { COREPACK_INTEGRITY_KEYS: '0', COREPACK_HOME: folders.make() };
    const end = await run(files, path, {}, { env });
    expect(end.outcome, end.log).to.include({ status: 'success' });
    expect(end.log).to.include('corepack brings pnpm, which this runner does not have');
    const lacking = await run({ 'package.json': JSON.stringify({ scripts }), 'bun.lock': '' }, path, {}, { env });
    expect(lacking.outcome).to.include({ status: 'error', reason: 'tool_missing' });
  });

  it('programs on the search path, or in the checkout', () => {
    const folder = folders.make();
    writeFileSync(join(folder, 'gradlew'), '');
    const project = { workspace: folder, folder: '' };
    expect(isThere('./gradlew', project, '')).to.equal(false);
    chmodSync(join(folder, 'gradlew'), 0o755);
    expect(isThere('./gradlew', project, '')).to.equal(true);
    const inside = { workspace: dirname(folder), folder: basename(folder) };
    expect(isThere('./gradlew', inside, ''), 'in a folder of the checkout').to.equal(true);
    expect(isThere('../gradlew', { ...inside, workspace: folder, folder: '' }, ''), 'outside').to.equal(false);
    expect(isThere('gradlew', project, `/nowhere${delimiter}${delimiter}${folder}`)).to.equal(true);
    expect(isThere('sh', project, '/bin')).to.equal(true);
    expect(isThere('bin', project, '/usr'), 'a folder is no program').to.equal(false);
  });
});

/**
 * Installs the package managers that come from npm's registry, each in a folder of its own for the search path.
 * @returns where each is; nothing where the registry cannot be reached
 */
async function installTools(folder: string): Promise<Map<string, string>> {
  const places = new Map<string, string>();
  for (const [name, tool] of Object.entries(npmTools)) {
    const at = join(folder, name);
    mkdirSync(at);
    const install = ['install', '--prefix', at, '--no-audit', '--no-fund', '--no-save', tool.package];
    const installed = await execute('npm', install, { cwd: at }).catch(() => undefined);
    if (!installed) continue;
    const start = join(at, 'node_modules', tool.start);
    const program = join(at, tool.program);
    writeFileSync(program, `#!/bin/sh\nexec ${/js$/.test(start) ? 'node ' : ''}'${start}' "$@"\n`);
    chmodSync(program, 0o755);
    places.set(name, program);
  }
  return places;
}

/** The text of the lock file that a package manager makes of a project. */
async function lockFile(files: Files, { lock, file }: NonNullable<Project['by']>, program: string): Promise<string> {
  const project = new TestRepository({ ...files, [file]: '' });
  try {
    await execute(program, lock.split(' '), { cwd: project.path, env: { ...jobEnvironment(), CI: '' } });
    return readFileSync(join(project.path, file), 'utf8');
  } finally {
    project.remove();
  }
}
