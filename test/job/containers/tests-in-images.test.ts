import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { engineKind, tinyImage } from '../../support/engine.ts';
import { useEngine } from '../../support/engine-session.ts';
import { makeImageWith } from '../../support/image-with.ts';
import { IsolatedJobs, isIsolable } from '../../support/isolation.ts';
import { ProjectJobs } from '../../support/project-jobs.ts';

/** An npm that installs one package and runs one file. */
const npm = `#!/bin/sh
case $1 in
  ci) mkdir -p node_modules/dep && echo '{"name":"dep","version":"1.0.0"}' > node_modules/dep/package.json; echo npm installs ;;
  test) exec node test.js ;;
esac
`;
const python = '/usr/bin/python3';

describe('tests in an image', function () {
  this.timeout(120_000);
  const jobs = new ProjectJobs();
  const used = useEngine(async (engine) => {
    const files = { 'usr/local/bin/node': process.execPath, 'usr/local/bin/npm': { text: npm } };
    await makeImageWith(engine, 'with-node:1', files);
    await engine.podman('tag', 'docker.io/library/with-node:1', 'docker.io/library/with-node:same');
    await makeImageWith(engine, 'with-node:2', { ...files, 'etc/other': { text: 'other\n' } });
  });
  afterEach(() => used.session.nothingIsLeft());
  after(async () => {
    await jobs.close();
  });

  const lock = { 'package-lock.json': '{"lockfileVersion": 3, "packages": {}}' };
  const project = (test: string) => ({
    'package.json': JSON.stringify({ name: 'app', scripts: { test: 'node test.js' } }),
    'test.js': test,
    ...lock,
  });
  const run = (files: Record<string, string>, image?: string, more: Parameters<ProjectJobs['run']>[1] = {}) =>
    jobs.run(files, { engine: used.session.next(), ...(image !== undefined && { image }), ...more });

  it('use its tools as root of it, with its digest on the job, and say why it runs there', async () => {
    const script = `
      const { execFileSync } = require('node:child_process');
      const sh = (text) => console.log(execFileSync('sh', ['-c', text], { encoding: 'utf8' }).trim());
      sh('ls /bin/busybox; id -u; echo "CI $CI, actions $GITHUB_ACTIONS."');
      sh('sudo -n -E -H -u root WORD=said sh -c "echo sudo \\\\$WORD \\\\$(id -u)"');
      sh('echo "home $HOME given $GIVEN"; touch "$HOME/own" && echo in > made.txt');`;
    const { outcome, log, steps, image } = await run(project(script), 'with-node:1', { env: { GIVEN: 'it' } });
    expect(outcome, log).to.include({ status: 'success' });
    expect(log)
      .to.include('[volt] runs in the image with-node:1: .volt.yml names it\n')
      .and.include('/bin/busybox\n0\nCI true, actions .\n')
      .and.include('sudo said 0\n')
      .and.match(/home \S+ given it\n/);
    expect(steps.map(({ name, status }) => [name, status])).to.deep.equal([
      ['checkout', 'success'],
      ['container', 'success'],
      ['install', 'success'],
      ['test', 'success'],
    ]);
    expect(image?.name).to.equal('docker.io/library/with-node:1');
    expect(image?.digest).to.match(/^sha256:[0-9a-f]{64}$/);
  });

  it('fail by their exit code', async () => {
    const { outcome, log } = await run(project('process.exit(3)'), 'with-node:1');
    expect(outcome, log).to.include({ status: 'failure', reason: 'exit_code', exitCode: 3 });
  });

  it('use packages that were installed in the same image only', async () => {
    const files = project('console.log(require("./node_modules/dep/package.json").version)');
    const first = await run(files, 'with-node:1', { installs: 'kept' });
    expect(first.log)
      .to.include('npm installs')
      .and.match(/installed node_modules in .*; kept it/);
    const again = await run(files, 'with-node:same', { installs: 'kept' });
    expect(again.log).to.include('reused the node_modules').and.not.include('npm installs');
    const other = await run(files, 'with-node:2', { installs: 'kept' });
    expect(other.log).to.include('npm installs').and.not.include('reused');
    for (const { outcome, log } of [first, again, other]) expect(outcome, log).to.include({ status: 'success' });
  });

  it('have no tools of the runner', async () => {
    const { outcome } = await run({ Makefile: 'test:\n\techo never\n' }, tinyImage);
    expect(outcome).to.include({ status: 'error', reason: 'tool_missing' });
    expect(outcome.message).to.include('but the image tiny:1 has no make. Use an image that has it');
  });

  it('say which version of a tool the image has', async () => {
    const { log } = await run({ ...project(''), '.nvmrc': '99' }, 'with-node:1');
    expect(log).to.include(
      `.nvmrc asks for node 99, which the image with-node:1 does not have: it uses ${process.versions.node} instead`,
    );
  });

  it('have an environment of the Python of the image', async function () {
    const library = libraryOf(python);
    if (library === undefined) return this.skip();
    await makeImageWith(used.engine, 'with-python:1', { 'usr/bin/python3': python, [library.slice(1)]: library });
    const test = [
      'import os, sys, unittest',
      'class T(unittest.TestCase):',
      '  def test_where(self):',
      '    print("prefix", sys.prefix != sys.base_prefix, os.path.exists("/bin/busybox"), sys.executable)',
    ].join('\n');
    const { outcome, log } = await run({ 'tests/__init__.py': '', 'tests/test_a.py': test }, 'with-python:1');
    expect(outcome, log).to.include({ status: 'success' });
    expect(log).to.match(/prefix True True \S+environment\/venv\/bin\/python/);
  });

  for (const level of ['user', 'sandbox'] as const) {
    it(`leave files of the job's user, and keep what they install (${level})`, async function () {
      if (!(await isIsolable(level))) return this.skip();
      const isolated = new IsolatedJobs(level);
      isolated.engine = used.session.next();
      try {
        const files = project('require("node:fs").writeFileSync("made.txt", String(process.getuid()))');
        const repository = isolated.repository(files);
        const first = await isolated.inImage('with-node:1', repository);
        expect(first.outcome, first.log).to.include({ status: 'success' });
        expect(first.log).to.match(/installed node_modules in .*; kept it/);
        const { sandbox, folder } = first.workspace;
        const made = join(folder, 'workspace', 'made.txt');
        expect(readFileSync(made, 'utf8')).to.equal('0');
        // Docker maps no users by itself
        if (engineKind === 'podman') expect(lstatSync(made).uid).to.equal(sandbox.owner?.uid ?? process.getuid?.());
        isolated.engine = used.session.next();
        const again = await isolated.inImage('with-node:1', repository);
        expect(again.outcome, again.log).to.include({ status: 'success' });
        expect(again.log).to.include('reused the node_modules');
      } finally {
        isolated.clean();
      }
    });
  }

  it('run in the image that the runner has for a label, else for all jobs', async () => {
    const byLabel = new Map([['node', 'with-node:1']]);
    const images = { byLabel, usual: tinyImage, isRequired: false };
    const labelled = await run(project(''), undefined, { images, labels: ['gpu', 'node'] });
    expect(labelled.log).to.include('runs in the image with-node:1: this runner has it for the label node');
    const other = await run(project(''), undefined, { images });
    expect(other.log).to.include('runs in the image tiny:1: this runner has it for all jobs');
    expect(other.outcome).to.include({ reason: 'tool_missing' });
  });

  it('end in an error on a runner that runs each job in a container where nothing names an image', async () => {
    const images = { byLabel: new Map(), isRequired: true };
    const { outcome, steps } = await run(project(''), undefined, { images });
    expect(outcome).to.include({ status: 'error', reason: 'image_unavailable', permanent: true });
    expect(outcome.message)
      .to.include('nothing names an image for it')
      .and.include('`volt repo set NAME --image IMAGE`');
    expect(steps).to.deep.equal([]);
  });
});

/** The folder of a Python's own modules; undefined where it cannot make environments. */
function libraryOf(program: string): string | undefined {
  if (!existsSync(program)) return undefined;
  const script = 'import sysconfig; print(sysconfig.get_path("stdlib"))';
  const folder = execFileSync(program, ['-c', script], { encoding: 'utf8' }).trim();
  return existsSync(join(folder, 'ensurepip')) ? folder : undefined;
}
