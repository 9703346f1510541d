import { chmodSync, mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { InstallJob } from '../../../src/job/installs/install-job.ts';
import { installNodeModules } from '../../../src/job/installs/node-modules.ts';
import { KeptInstalls } from '../../../src/job/storage/kept-installs.ts';
import { dataPaths } from '../../../src/kernel/data-paths.ts';
import { TestFolders } from '../../support/folder.ts';
import { IsolatedJobs, type IsolatedRun, isIsolable } from '../../support/isolation.ts';
import { NpmRegistry } from '../../support/npm-registry.ts';
import type { TestRepository } from '../../support/repository.ts';

describe('the node_modules of a Node project', function () {
  this.timeout(180_000);
  const folders = new TestFolders();
  let registry: NpmRegistry;
  let jobs: IsolatedJobs;
  const path = process.env.PATH;

  before(async function () {
    if (!(await isIsolable('sandbox'))) return this.skip();
    registry = new NpmRegistry(folders.make());
    await registry.start();
    registry.publish('adder', { 'index.js': 'module.exports = (a, b) => a + b;\n' }, { main: 'index.js' });
    registry.publish('scripted', { 'index.js': '' }, { scripts: { postinstall: 'echo made > made' } });
    const hook = "#!/usr/bin/env node\nrequire('fs').writeFileSync('hook', 'hooked\\n');\n";
    registry.publish('husky', { 'bin.js': hook }, { bin: 'bin.js' });
    process.env.npm_config_registry = registry.url;
    const programs = folders.make();
    chmodSync(programs, 0o755);
    const parts = 'mkdir -p node_modules; ls node_modules; cd node_modules; seq 100000 > b; seq 100000 > a';
    writeFileSync(join(programs, 'yarn'), `#!/bin/sh\n[ "$1" = test ] || { ${parts}; }\n`, { mode: 0o755 });
    process.env.PATH = `${programs}:${path}`;
    jobs = new IsolatedJobs('sandbox', { jobVariables: 'npm_config_registry', sandboxPaths: programs });
  });
  after(() => {
    delete process.env.npm_config_registry;
    process.env.PATH = path;
    registry?.stop();
    jobs?.clean();
    folders.remove();
  });

  /** A repository with a lock file. @param more completes package.json */
  async function repositoryOf(more: Record<string, unknown> = {}, files: Record<string, string> = {}) {
    const manifest = { name: 'sum', version: '1.0.0', dependencies: { adder: '~1.0.0' }, ...more };
    const scripts = { test: 'node test.js', ...(more.scripts as object | undefined) };
    const all = {
      ...{ 'package.json': JSON.stringify({ ...manifest, scripts }), '.gitignore': 'node_modules\n' },
      ...{ 'test.js': "console.log('sum is', require('adder')(1, 2));\n", ...files },
    };
    return jobs.repository({ ...all, 'package-lock.json': await registry.lock(all) });
  }

  async function passing(repository: TestRepository): Promise<IsolatedRun> {
    const run = await jobs.discovered(repository);
    expect(run.outcome, run.log).to.include({ status: 'success' });
    return run;
  }

  it('are reused by a later build with the same lock file, whatever another job did with them', async () => {
    const repository = await repositoryOf();
    const first = await passing(repository);
    expect(first.log).to.match(
      /\$ npm ci[\s\S]*installed node_modules in .*; kept it \([\d.]+ [KM]B\) for later builds/,
    );
    const spoil = "require('fs').writeFileSync(require.resolve('adder'), 'module.exports = () => 9;\\n');\n";
    repository.commit('spoil', { 'test.js': `${spoil}console.log(require('adder')(1, 2));\n` });
    const spoilt = await passing(repository);
    expect(spoilt.log)
      .to.match(/reused the node_modules that `npm ci .*` made (just now|\d+ (s|min) ago)/)
      .and.match(/^9$/m);
    repository.git('reset', '--quiet', '--hard', 'HEAD~1');
    const later = await passing(repository);
    expect(later.log)
      .to.match(/reused the node_modules/)
      .and.match(/^sum is 3$/m)
      .and.not.include('$ npm ci');
    jobs.ref = 'refs/heads/other';
    const other = await passing(repository).finally(() => {
      jobs.ref = 'refs/heads/main';
    });
    expect(other.log, 'another trust class').to.include('$ npm ci').and.not.include('reused');
  });

  it('are installed again when the lock file or package.json changes', async () => {
    const repository = await repositoryOf();
    await passing(repository);
    repository.commit('change', { 'package.json': `${repository.git('show', 'HEAD:package.json')}\n` });
    expect((await passing(repository)).log)
      .to.include('$ npm ci')
      .and.not.include('reused');
  });

  it('are reused, and the hooks of git are installed again, where the script "prepare" does that', async () => {
    const more = { dependencies: { husky: '1.0.0' }, scripts: { prepare: 'husky' } };
    const repository = await repositoryOf(more, {
      'test.js': "console.log(require('fs').readFileSync('hook', 'utf8'));\n",
    });
    expect((await passing(repository)).log).to.match(/kept it[\s\S]*^hooked$/m);
    const { log } = await passing(repository);
    expect(log).to.match(/reused[\s\S]*\$ npm run prepare[\s\S]*^hooked$/m);
  });

  it('are removed before they are installed again, where only half of what is kept can be unpacked', async () => {
    const manifest = { packageManager: 'yarn@1.22.22', dependencies: { adder: '1.0.0' }, scripts: { test: 'true' } };
    const files = { 'package.json': JSON.stringify(manifest), 'yarn.lock': '# yarn lockfile v1\n' };
    const repository = jobs.repository({ ...files, '.gitignore': 'node_modules\n' });
    expect((await jobs.discovered(repository, 'broken')).log).to.include('kept it');
    const installs = dataPaths(jobs.dataDir).installs;
    const archive = readdirSync(installs, { recursive: true, encoding: 'utf8' }).find(
      (name) => name.startsWith('broken') && name.endsWith('files.tar'),
    );
    const kept = join(installs, String(archive));
    truncateSync(kept, statSync(kept).size - 300_000);
    const { log, outcome } = await jobs.discovered(repository, 'broken');
    expect(outcome, log).to.include({ status: 'success' });
    expect(log).to.match(
      /cannot be unpacked, so .* removed, .*\n.*\$ yarn install --frozen-lockfile\n.*installed node/,
    );
  });

  for (const [what, more, files, why] of [
    ['a package with an install script', { dependencies: { scripted: '1.0.0' } }, {}, /install scripts of scripted/],
    ['an install script of the project', { scripts: { postinstall: 'true' } }, {}, /the script "postinstall"/],
    ['a workspace', { workspaces: ['inner'] }, { 'inner/package.json': '{"name":"inner"}' }, /a workspace has several/],
  ] as const) {
    it(`are not kept with ${what}, and the log says why`, async () => {
      const repository = await repositoryOf(more, { ...files, 'test.js': '' });
      expect((await passing(repository)).log).to.match(why);
      expect((await passing(repository)).log)
        .to.include('$ npm ci')
        .and.not.include('reused');
    });
  }
});

describe('an install of node_modules', () => {
  const folders = new TestFolders();
  let root: string;
  let said: string[];
  let ran: string[];

  beforeEach(() => {
    root = folders.make();
    [said, ran] = [[], []];
  });
  after(() => folders.remove());

  /** Installs a project whose commit has these files. @returns whether the install has run */
  async function install(command: string, files: Record<string, string>): Promise<boolean> {
    const folder = join(root, 'workspace');
    mkdirSync(folder);
    for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
    const job = {
      ...{ folder, input: {} },
      ...{ files: Object.keys(files).map((path) => ({ path, id: path, kind: 'file' })), isCut: false },
      log: { say: async (text: string) => void said.push(text) },
      context: { folder: root, env: {}, signal: new AbortController().signal },
      run: async (ranCommand: string) => void ran.push(ranCommand),
    };
    return installNodeModules(command, job as unknown as InstallJob, new KeptInstalls(folders.make(), 'app+1', 1000));
  }

  for (const command of [
    'npm ci && npm run build',
    'npm ci; node generate.js',
    'npm ci\nnpm run build',
    'npm ci --prefix web',
    'npm ci --ignore-scripts',
    'pnpm install --frozen-lockfile | tee log',
    'pnpm install --frozen-lockfile -C web',
    'yarn install --frozen-lockfile --cwd web',
    'yarn install --frozen-lockfile & node generate.js',
  ]) {
    it(`is left to the job where the command is \`${command.replace('\n', '\\n')}\``, async () => {
      const files = { 'package.json': '{}', 'package-lock.json': '{}', 'pnpm-lock.yaml': '', 'yarn.lock': '' };
      expect(await install(command, files)).to.equal(false);
      expect([...ran, ...said]).to.deep.equal([]);
    });
  }

  const npm = 'npm ci --no-audit --no-fund';
  const pnpm = 'pnpm install --frozen-lockfile';
  const yarn = 'yarn install --frozen-lockfile';
  const checkout = 'a package comes from the checkout';
  const cases: [title: string, command: string, manifest: object, lock: Record<string, string>, why: string][] = [
    ['a path as a dependency', npm, { dependencies: { a: '../a' } }, {}, checkout],
    ['an override of npm to a folder', npm, { overrides: { a: { b: 'file:b' } } }, {}, checkout],
    ['an override of pnpm to a folder', pnpm, { pnpm: { overrides: { a: 'link:../a' } } }, {}, checkout],
    ['a resolution of Yarn to a folder', yarn, { resolutions: { 'b/a': './a' } }, {}, checkout],
    ['a peer dependency from a folder', npm, { peerDependencies: { a: 'file:a' } }, {}, checkout],
    ['a link in the lock file of npm', npm, {}, { 'package-lock.json': '{"a": {"link": true}}' }, checkout],
    ['an archive in the lock file of npm', npm, {}, { 'package-lock.json': '{"resolved": "file:a.tgz"}' }, checkout],
    ['a folder in the lock file of pnpm', pnpm, {}, { 'pnpm-lock.yaml': '{directory: a, type: directory}' }, checkout],
    ['a folder in the lock file of Yarn', yarn, {}, { 'yarn.lock': '"a@file:./a":\n  version "1.0.0"\n' }, checkout],
    ['no lock file', yarn, {}, { 'yarn.lock': 'none' }, 'the commit has no lock file'],
    ...[
      ...['npm run build', 'husky && npm run build', 'husky install || npm run build', 'patch-package'],
      ...['husky\nnpm run build', 'husky; tsc'],
    ].map((prepare): (typeof cases)[number] => {
      const why = 'the script "prepare" of package.json may change it';
      return [`the script prepare: ${JSON.stringify(prepare)}`, npm, { scripts: { prepare } }, {}, why];
    }),
    ...['prepublish', 'preprepare', 'postprepare', 'pnpm:devPreinstall'].map((name): (typeof cases)[number] => {
      const why = `the script "${name}" of package.json may change it`;
      return [`the script ${name}`, pnpm, { scripts: { [name]: 'tsc' } }, {}, why];
    }),
  ];
  for (const [title, command, manifest, lock, why] of cases) {
    it(`is not kept with ${title}, and the log says why`, async () => {
      const plain = {
        'package-lock.json': '{}',
        'pnpm-lock.yaml': 'lockfileVersion: 9',
        'yarn.lock': '# yarn lockfile v1',
      };
      const files: Record<string, string> = { 'package.json': JSON.stringify(manifest), ...plain, ...lock };
      if (files['yarn.lock'] === 'none') delete files['yarn.lock'];
      expect(await install(command, files)).to.equal(true);
      expect(said).to.deep.equal([`node_modules is not kept for later builds: ${why}`]);
      expect(ran).to.deep.equal([command]);
    });
  }
});
