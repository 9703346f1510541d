import { expect } from 'chai';
import { TestFolders } from '../../support/folder.ts';
import { IsolatedJobs, type IsolatedRun, isIsolable } from '../../support/isolation.ts';
import { NpmRegistry } from '../../support/npm-registry.ts';
import type { TestRepository } from '../../support/repository.ts';

describe('the node_modules of a Node project', function () {
  this.timeout(180_000);
  const folders = new TestFolders();
  let registry: NpmRegistry;
  let jobs: IsolatedJobs;

  before(async function () {
    if (!(await isIsolable('sandbox'))) return this.skip();
    registry = new NpmRegistry(folders.make());
    await registry.start();
    registry.publish('adder', { 'index.js': 'module.exports = (a, b) => a + b;\n' }, { main: 'index.js' });
    registry.publish('scripted', { 'index.js': '' }, { scripts: { postinstall: 'echo made > made' } });
    process.env.npm_config_registry = registry.url;
    jobs = new IsolatedJobs('sandbox', { jobVariables: 'npm_config_registry' });
  });
  after(() => {
    delete process.env.npm_config_registry;
    registry?.stop();
    jobs?.clean();
    folders.remove();
  });

  /** A repository with a lock file. @param more completes package.json */
  async function repositoryOf(more: Record<string, unknown> = {}, files: Record<string, string> = {}) {
    const manifest = { name: 'sum', version: '1.0.0', dependencies: { adder: '1.0.0' }, ...more };
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
    expect(first.log).to.match(/\$ npm ci[\s\S]*installed node_modules in .*; kept it \([\d.]+ MB\) for later builds/);
    const spoil = "require('fs').writeFileSync(require.resolve('adder'), 'module.exports = () => 9;\\n');\n";
    repository.commit('spoil', { 'test.js': `${spoil}console.log(require('adder')(1, 2));\n` });
    const spoilt = await passing(repository);
    expect(spoilt.log)
      .to.match(/reused the node_modules that `npm ci .*` made .* ago/)
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

  it('are reused, and the project is prepared again, where it has a script for that', async () => {
    const scripts = { prepare: 'cp source.js built.js', test: 'node built.js' };
    const repository = await repositoryOf({ scripts }, { 'source.js': 'console.log("one");\n' });
    expect((await passing(repository)).log).to.match(/^one$/m);
    repository.commit('another', { 'source.js': 'console.log("two");\n' });
    const { log } = await passing(repository);
    expect(log).to.match(/reused[\s\S]*\$ npm run prepare[\s\S]*^two$/m);
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
