import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { readSettings } from '../../src/job/discovery/read-settings.ts';
import { volt } from '../support/cli.ts';
import { TestRepository } from '../support/repository.ts';

const manifest = JSON.stringify({ scripts: { test: 'echo "tests of Node"' }, packageManager: 'pnpm@9.1.0' });
const two = { 'package.json': manifest, 'server/Makefile': 'test:\n\techo made\n', 'go.mod': 'module x\n\ngo 1.22\n' };

describe('what is discovered in a checkout', () => {
  const repositories: TestRepository[] = [];
  after(() => {
    for (const repository of repositories) repository.remove();
  });

  function checkout(files: Record<string, string>): string {
    const repository = new TestRepository(files);
    repositories.push(repository);
    return repository.path;
  }

  const discovered = async (cwd: string, where = '.') => {
    const { code, stdout, stderr } = await volt(['discover', where, '--json'], { cwd });
    expect(stderr).to.equal('');
    return { code, ...JSON.parse(stdout) };
  };

  it('is shown by volt discover with the reasons, and with what this machine lacks, and nothing runs', async () => {
    const cwd = checkout({ ...two, 'build.zig': 'b.step("test", "tests");' });
    writeFileSync(join(cwd, 'package.json'), manifest.replace('echo', 'touch ran; echo'));
    const { code, stdout } = await volt(['discover'], { cwd });
    expect(code).to.equal(0);
    expect(stdout).to.match(/^node +package\.json: package\.json asks for pnpm@9\.1\.0/m);
    expect(stdout)
      .to.match(/^ +test +pnpm test$/m)
      .and.match(/^zig +build\.zig: /m);
    expect(stdout).to.match(/^ +missing +zig: install it/m);
    expect(existsSync(join(cwd, 'ran'))).to.equal(false);
  });

  it('tells the image of .volt.yml, whose programs it does not look for here', async () => {
    const cwd = checkout({ 'build.zig': 'b.step("test", "tests");', '.volt.yml': 'image: zig:1\n' });
    const { jobs } = await discovered(cwd);
    expect(jobs).to.have.length(1);
    expect(jobs[0]).to.deep.include({ image: 'zig:1', missing: [] });
    expect((await volt(['discover'], { cwd })).stdout).to.match(/^ +image +zig:1$/m);
  });

  it('counts with uncommitted changes, from any folder of the checkout', async () => {
    const cwd = checkout({ 'deep/er/file': '' });
    expect(await discovered(cwd)).to.deep.include({ code: 1, jobs: [] });
    writeFileSync(join(cwd, 'pom.xml'), '<project/>');
    const found = await discovered(join(cwd, 'deep/er'));
    expect(found).to.deep.include({ code: 0, problem: null });
    expect(found.jobs.map(({ name, because }: { name: string; because: string }) => [name, because])).to.deep.equal([
      ['test', 'pom.xml'],
    ]);
  });

  it('is the newest commit of a repository elsewhere', async () => {
    const path = checkout(two);
    const found = await discovered('/', `file://${path}`);
    expect(found.repository).to.equal(path);
    expect(found.jobs.map(({ kind }: { kind: string }) => kind)).to.deep.equal(['node', 'go']);
  });

  it('is nothing where workflow files or an invalid .volt.yml say what happens', async () => {
    const cwd = checkout({ ...two, '.github/workflows/a.yml': 'on: push' });
    expect(await discovered(cwd)).to.deep.include({ code: 0, jobs: [], workflows: ['.github/workflows/a.yml'] });
    writeFileSync(join(cwd, '.volt.yml'), 'comand: x');
    const broken = await discovered(cwd);
    expect(broken.code).to.equal(1);
    expect(broken.problem.reason).to.equal('invalid_settings');
  });

  it('is written to .volt.yml by volt init, which replaces a file only if it is forced', async () => {
    const cwd = checkout({ 'a b/Makefile': 'test:\n\techo made\n' });
    expect((await volt(['init'], { cwd })).code).to.equal(0);
    const file = join(cwd, '.volt.yml');
    const text = readFileSync(file, 'utf8');
    expect(text).to.match(/^# test: a b\/Makefile /m);
    expect(readSettings(text)).to.deep.equal({ settings: { command: "(cd 'a b' && make test)" } });
    const again = await volt(['init'], { cwd });
    expect(again.code).to.equal(2);
    expect(again.stderr).to.match(/^error conflict: there is a file \.volt\.yml/);
    expect((await volt(['init', '--force'], { cwd })).code).to.equal(0);
  });

  const initialized = async (files: Record<string, string>) => {
    const cwd = checkout(files);
    expect((await volt(['init', '--force'], { cwd })).code).to.equal(0);
    const text = readFileSync(join(cwd, '.volt.yml'), 'utf8');
    return { text, ...readSettings(text) };
  };

  it('is written by volt init with all of its commands, each of which ends those after it', async () => {
    const cmake = await initialized({ 'app/CMakeLists.txt': 'enable_testing()\n' });
    expect(cmake).to.deep.include({
      settings: {
        command: [
          '(cd app && cmake -S . -B build)',
          '(cd app && cmake --build build --parallel "$(getconf _NPROCESSORS_ONLN)")',
          '(cd app && ctest --test-dir build --output-on-failure --no-tests=error)',
        ].join('\n'),
      },
    });
    const autotools = await initialized({ 'configure.ac': 'AC_INIT', 'Makefile.am': 'TESTS = a\n' });
    expect(autotools.text).to.match(/^ {2}\(autoreconf --install && \.\/configure\)\n {2}make -j.*\n {2}make check$/m);
  });

  it('is written as comments by volt init where Volt does more than a command can', async () => {
    const python = await initialized({
      'test_a.py': 'import pytest\n\ndef test_a(): pass\n',
      'pytest.ini': '[pytest]',
    });
    expect(python).to.deep.include({ settings: {} });
    expect(python.text).to.match(/^# +makes a Python environment for the job/m);
    expect(python.text).to.match(/^# +test: python3 -m pytest$/m);
    const before = { 'package.json': manifest, '.nvmrc': '20', '.volt.yml': 'install: npm i x\nenv: {A: b}\n' };
    const node = await initialized(before);
    expect(node).to.deep.include({ settings: { install: 'npm i x', env: { A: 'b' } } });
    expect(node.text).to.match(/^# +uses node 20 \(\.nvmrc\)$/m);
  });

  it('is written as comments by volt init where there are several projects', async () => {
    const cwd = checkout(two);
    await volt(['init'], { cwd });
    const text = readFileSync(join(cwd, '.volt.yml'), 'utf8');
    expect(text)
      .to.match(/^# node: /m)
      .and.match(/^# go: /m);
    expect(readSettings(text)).to.deep.equal({ settings: {} });
  });

  it('is written as a workflow that volt validate accepts, with a job for each project', async () => {
    const cwd = checkout(two);
    expect((await volt(['init', '--workflow'], { cwd })).code).to.equal(0);
    const { jobs } = parse(readFileSync(join(cwd, '.volt/workflows/test.yml'), 'utf8'));
    expect(Object.values(jobs).map((job) => (job as { name: string }).name)).to.deep.equal(['node', 'go']);
    expect((await volt(['validate'], { cwd })).stdout).to.equal('1 workflow checked: no problems\n');
  });

  it('is written as a workflow that runs Python tests in an environment of their own', async () => {
    const test = 'import sys, unittest\nclass A(unittest.TestCase):\n    def test(self):\n        ';
    const cwd = checkout({
      'pyproject.toml': '',
      'test_a.py': `${test}self.assertNotEqual(sys.prefix, sys.base_prefix)\n`,
    });
    await volt(['init', '--workflow'], { cwd });
    const { code, stdout } = await volt(['exec', '--verbose'], { cwd });
    expect(stdout).to.include('Ran 1 test in');
    expect(code).to.equal(0);
  });

  it('is not written as a workflow where uv installs the project, which the error says', async () => {
    const project = '[project]\nname = "a"\nversion = "1"\n';
    const cwd = checkout({ 'pyproject.toml': project, 'uv.lock': 'version = 1\n', 'test_a.py': 'import pytest\n' });
    const { code, stderr } = await volt(['init', '--workflow'], { cwd });
    expect(code).to.equal(2);
    expect(stderr).to.match(/^error unsupported: uv installs the Python project here/);
    expect(existsSync(join(cwd, '.volt'))).to.equal(false);
  });

  it('is run by volt exec, one job for each project, or those that are named', async () => {
    const cwd = checkout({ 'one/test.sh': '#!/bin/sh\necho one\n', 'two/test.sh': '#!/bin/sh\necho two; exit 1\n' });
    const ended = async (...args: string[]) => {
      const { code, stdout } = await volt(['exec', '--json', ...args], { cwd });
      const events = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      const jobs = events.filter(({ kind, status }) => kind === 'job' && status !== 'running');
      return { code, jobs: jobs.map(({ name, status }) => [name, status]) };
    };
    expect(await ended()).to.deep.equal({
      code: 1,
      jobs: [
        ['script (one)', 'success'],
        ['script (two)', 'failure'],
      ],
    });
    expect(await ended('script (one)')).to.deep.equal({ code: 0, jobs: [['script (one)', 'success']] });
    const unknown = await volt(['exec', 'three'], { cwd });
    expect(unknown.stderr).to.match(/^error not_found: there is no job "three"/);
    expect(unknown.stderr).to.include('The jobs are: script (one), script (two).');
  });

  it('goes before workflow files in volt exec where .volt.yml has a command', async () => {
    const cwd = checkout({ '.volt.yml': 'command: echo "by $A"\nenv: {A: me}\n', '.volt/workflows/a.yml': 'on: push' });
    const { code, stdout } = await volt(['exec', '--verbose'], { cwd });
    expect(code).to.equal(0);
    expect(stdout).to.include('passed over the workflow files').and.include('by me');
  });
});
