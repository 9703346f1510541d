import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { IsolationLevel } from '../../../src/exec/isolation.ts';
import { TestFolders } from '../../support/folder.ts';
import { IsolatedJobs, isIsolable } from '../../support/isolation.ts';
import type { TestRepository } from '../../support/repository.ts';
import { canMakeEnvironments, Wheels } from '../../support/wheels.ts';

/** A project in `src/` with a dependency, an extra for tests and a program, that is tested by unittest. */
const project = {
  'pyproject.toml': `
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "shop"
version = "1.0"
dependencies = ["money"]

[project.optional-dependencies]
test = ["checks"]

[project.scripts]
shop = "shop:main"

[tool.setuptools.packages.find]
where = ["src"]
`,
  'src/shop/__init__.py': 'import money\n\n\ndef main():\n    print("sold for", money.value)\n',
  // modules that Volt's own programs must not take for Python's
  'venv.py': 'raise RuntimeError("of the checkout")\n',
  'pip.py': 'raise RuntimeError("of the checkout")\n',
  'json.py': 'raise RuntimeError("of the checkout")\n',
  'tests/__init__.py': '',
  'tests/test_shop.py': `
import subprocess, unittest, checks, shop

class ShopTest(unittest.TestCase):
    def test_program(self):
        self.assertEqual(subprocess.check_output(['shop'], text=True), 'sold for 5\\n')
`,
};

for (const level of ['sandbox', 'user', 'none'] as const) {
  describe(`the environment of a Python project under isolation ${level}`, function () {
    this.timeout(300_000);
    const folders = new TestFolders();
    const set: string[] = [];
    let wheels: Wheels;
    let jobs: IsolatedJobs;
    let repository: TestRepository;

    before(async function () {
      if (!canMakeEnvironments() || !(await isPossible(level))) return this.skip();
      wheels = new Wheels(folders.make());
      wheels.make('money', '1.0', { 'money/__init__.py': 'value = 5\n' });
      wheels.make('checks', '1.0', { 'checks.py': '' });
      const elsewhere = folders.make();
      mkdirSync(join(elsewhere, 'shop'));
      writeFileSync(join(elsewhere, 'shop', '__init__.py'), 'def main():\n    print("sold for", 5)\n');
      const variables = { ...wheels.variables, PYTHONPATH: elsewhere };
      for (const [name, value] of Object.entries(variables)) {
        set.push(name);
        process.env[name] = value;
      }
      jobs = new IsolatedJobs(level, {
        jobVariables: Object.keys(variables).join(','),
        sandboxPaths: `${wheels.folder}:${elsewhere}`,
      });
      repository = jobs.repository(project);
      const { log, outcome } = await jobs.discovered(repository);
      expect(outcome, log).to.include({ status: 'success' });
      expect(log)
        .to.match(/\$ python3 -I -m venv /)
        .and.match(/pip install .*-e '\.\[test\]'/);
      expect(log).to.match(
        /made the Python environment in .*; kept [\d.]+ [KM]B for later builds in which nothing in pyprojec/,
      );
    });
    after(() => {
      for (const name of set) delete process.env[name];
      jobs?.clean();
      folders.remove();
    });

    it('is reused by a later build, which installs the project itself again', async () => {
      repository.commit('another price', {
        'src/shop/__init__.py':
          'import money\n\n\ndef main():\n    print("sold for", money.value)\n    print("and gone")\n',
        'tests/test_shop.py': project['tests/test_shop.py'].replace("5\\n'", "5\\nand gone\\n'"),
      });
      const { log, outcome } = await jobs.discovered(repository);
      expect(outcome, log).to.include({ status: 'success' });
      expect(log).to.match(
        /reused the Python environment that an earlier build made (just now|\d+ (s|min) ago) \([\d.]+ [KM]B\)/,
      );
      expect(log)
        .to.match(/installed the project in/)
        .and.not.match(/pip install/);
    });

    it('has no copy of the project but that of the commit', async () => {
      const sha = repository.head();
      repository.commit('break', { 'src/shop/__init__.py': 'raise RuntimeError("this commit is broken")\n' });
      const { log, outcome } = await jobs.discovered(repository);
      repository.git('reset', '--quiet', '--hard', sha);
      expect(outcome, log).to.include({ status: 'failure', reason: 'exit_code' });
      expect(log)
        .to.match(/reused the Python environment/)
        .and.include('RuntimeError: this commit is broken');
    });

    if (level === 'sandbox') detailed();

    function detailed() {
      it('is not changed for later jobs by a job that changes it', async () => {
        const sha = repository.head();
        const spoil = `import glob, money, os
for path in [money.__file__, *glob.glob(os.environ['VIRTUAL_ENV'] + '/**/*.pth', recursive=True)]:
    open(path, 'w').write('raise SystemExit(9)')
`;
        repository.commit('spoil', { 'tests/test_shop.py': `${spoil}${project['tests/test_shop.py']}` });
        const { log } = await jobs.discovered(repository);
        expect(log).to.match(/reused the Python environment/);
        repository.git('reset', '--quiet', '--hard', sha);
        const later = await jobs.discovered(repository);
        expect(later.outcome, later.log).to.include({ status: 'success' });
        expect(later.log).to.match(/reused the Python environment/);
      });

      it('shows the folders of PYTHONPATH in the settings of the repository to the tests', async () => {
        const test = 'import unittest, helper\nclass A(unittest.TestCase):\n    def test(self): pass\n';
        const other = jobs.repository({
          ...{ 'requirements.txt': 'money\n', 'lib/helper.py': '' },
          ...{ 'tests/__init__.py': '', 'tests/test_a.py': test },
        });
        jobs.env = { PYTHONPATH: 'lib' };
        const runs = [await jobs.discovered(other, 'settings'), await jobs.discovered(other, 'settings')];
        jobs.env = {};
        for (const { log, outcome } of runs) expect(outcome, log).to.include({ status: 'success' });
        expect(runs[1]?.log).to.match(/reused the Python environment/);
      });

      it('is not reused by a ref of another trust class', async () => {
        jobs.ref = 'refs/heads/other';
        const { log, outcome } = await jobs.discovered(repository);
        jobs.ref = 'refs/heads/main';
        expect(outcome, log).to.include({ status: 'success' });
        expect(log)
          .to.match(/made the Python environment/)
          .and.not.match(/reused/);
      });

      it('is completed, and kept again, when a file that only setup.py reads names another package', async () => {
        const setup = `from setuptools import setup
setup(name='stall', version=open('version').read().strip(), packages=['stall'], install_requires=open('needs').read().split())
`;
        const backend = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n';
        const files = {
          'pyproject.toml': backend,
          'setup.py': setup,
          'stall/__init__.py': '',
          needs: 'money',
          version: '1',
        };
        const test = (name: string) =>
          `import unittest, stall, ${name}\nclass A(unittest.TestCase):\n    def test(self): pass\n`;
        const other = jobs.repository({ ...files, 'tests/__init__.py': '', 'tests/test_a.py': test('money') });
        const first = await jobs.discovered(other, 'stall');
        expect(first.outcome, first.log).to.include({ status: 'success' });
        other.commit('more', { needs: 'money checks', 'tests/test_a.py': test('checks') });
        const second = await jobs.discovered(other, 'stall');
        expect(second.outcome, second.log).to.include({ status: 'success' });
        expect(second.log).to.match(/reused the Python env[\s\S]*pip install[\s\S]*installed the project in .*; kept/);
        const installed =
          "{(each.name, each.version) for each in importlib.metadata.distributions() if each.name in (None, 'stall')}";
        const check = `import importlib.metadata\nassert ${installed} == {('stall', '2')}, ${installed}\n`;
        other.commit('release', { version: '2', 'tests/test_a.py': `${check}${test('checks')}` });
        const third = await jobs.discovered(other, 'stall');
        expect(third.outcome, third.log).to.include({ status: 'success' });
        expect(third.log)
          .to.match(/reused/)
          .and.not.match(/pip install/);
      });

      it('is not kept where its install fails or is killed', async () => {
        const backend = `import os\ndef build_editable(*_): os.kill(os.getppid(), 9)\nbuild_wheel = build_editable\n`;
        const manifest = (requires: string, more: string) =>
          `[build-system]\nrequires = [${requires}]\nbuild-backend = "own"\n${more}\n`;
        const tests = { 'tests/__init__.py': '', 'tests/test_a.py': '' };
        const other = jobs.repository({
          ...{ ...tests, 'own.py': backend },
          'pyproject.toml': manifest('', 'backend-path = ["."]'),
        });
        const killed = await jobs.discovered(other, 'killed');
        expect(killed.outcome.status, killed.log).not.to.equal('success');
        expect(killed.log).not.to.match(/kept/);
        other.commit('missing', { 'pyproject.toml': manifest('"nowhere"', '') });
        const missing = await jobs.discovered(other, 'killed');
        expect(missing.outcome.status, missing.log).not.to.equal('success');
        expect(missing.log)
          .to.match(/No matching distribution found for nowhere/)
          .and.not.match(/reused|kept/);
      });
    }
  });
}

async function isPossible(level: IsolationLevel): Promise<boolean> {
  return level === 'none' || isIsolable(level);
}
