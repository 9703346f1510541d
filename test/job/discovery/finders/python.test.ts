import { expect } from 'chai';
import { discover } from '../../../../src/job/discovery/discover.ts';
import { Tree } from '../../../../src/job/discovery/tree.ts';
import { type Files, findsEach, passesOverEach, projectOf, projectsOf, runsOf } from '../trees.ts';

const pytest = 'python3 -m pytest';
const unittest = 'python3 -m unittest discover -v';
const cases = 'import unittest\n\nclass A(unittest.TestCase):\n    def test_a(self): pass\n';
const functions = 'def test_a():\n    pass\n';
const build = '[build-system]\nrequires = ["setuptools"]\n';
const lines = (...all: string[]) => all.map((line) => `${line}\n`).join('');

/** What is installed, as far as it is not what pip installs anyway. */
function installed(files: Files) {
  const { environment } = projectOf(files);
  const set = Object.entries(environment ?? {}).filter(([, value]) => !(Array.isArray(value) && value.length === 0));
  return Object.fromEntries(set.filter(([name, value]) => !(name === 'manager' && value === 'pip') && value !== false));
}

describe('discovery of Python projects', () => {
  describe('that configure pytest or are written for it', () => {
    findsEach([
      ['what pytest.ini configures', { 'pytest.ini': '' }, pytest],
      ['what pyproject.toml configures', { 'pyproject.toml': '[tool.pytest.ini_options]\nx = 1\n' }, pytest],
      ['what tox.ini configures', { 'tox.ini': '[flake8]\n[pytest]\n' }, pytest],
      ['what setup.cfg configures', { 'setup.cfg': '[tool:pytest]\n' }, pytest],
      ['test functions', { 'tests/test_a.py': functions }, pytest],
      ['tests that import pytest', { 'tests/test_a.py': 'import pytest\n' }, pytest],
      ['tests with a conftest.py', { 'tests/conftest.py': '', 'tests/test_a.py': cases }, pytest],
      [
        'cases of a project that requires pytest',
        { 'requirements-dev.txt': 'pytest==8\n', 'tests/test_a.py': cases },
        pytest,
      ],
      [
        'cases of a project whose setup.py requires pytest',
        { 'setup.py': "setup(extras_require={'test': ['pytest>=8']})", 'tests/test_a.py': cases },
        pytest,
      ],
      [
        'cases of a project with a group that requires a plugin of pytest',
        { 'pyproject.toml': '[dependency-groups]\ndev = ["pytest-cov"]\n', 'a/test_a.py': cases },
        pytest,
      ],
    ]);
  });

  describe('that use unittest', () => {
    findsEach([
      ['a folder', { 'tests/test_a.py': cases }, `${unittest} -s tests`],
      ['a package', { 'tests/__init__.py': '', 'tests/test_a.py': cases }, `${unittest} -s tests -t .`],
      ['files with the other name', { 'test/a_test.py': cases }, `${unittest} -s test -p '*_test.py'`],
      [
        'files with both names',
        { 'test/a_test.py': cases, 'test/test_b.py': cases },
        `${unittest} -s test && ${unittest} -s test -p '*_test.py'`,
      ],
      ['files in the root', { 'test_a.py': cases }, unittest],
      ['a folder of a folder alone', { 'tests/unit/test_a.py': cases }, `${unittest} -s tests/unit`],
      [
        'a package in a folder',
        { 'tests/unit/__init__.py': '', 'tests/unit/test_a.py': cases },
        `${unittest} -s tests/unit -t tests`,
      ],
      [
        'a folder and the packages in it at once',
        { 'tests/test_a.py': cases, 'tests/unit/__init__.py': '', 'tests/unit/test_b.py': cases },
        `${unittest} -s tests`,
      ],
      [
        'tests inside of the package',
        {
          'setup.py': '',
          'pkg/__init__.py': '',
          'pkg/tests/__init__.py': '',
          'pkg/tests/test_a.py': cases,
          'pkg/b/__init__.py': '',
          'pkg/b/test_b.py': cases,
        },
        `${unittest} -s pkg -t .`,
      ],
      [
        'tests inside of a package in src/',
        {
          'setup.py': '',
          'src/pkg/__init__.py': '',
          'src/pkg/tests/__init__.py': '',
          'src/pkg/tests/test_a.py': cases,
        },
        `${unittest} -s src/pkg -t src`,
      ],
      ['a folder with a space in its name', { 'my tests/test_a.py': cases }, `${unittest} -s 'my tests'`],
      [
        'what load_tests loads, though there are functions for pytest, too',
        { 'tests/test_a.py': `${functions}\ndef load_tests(loader, tests, ignore):\n    return tests\n` },
        `${unittest} -s tests`,
      ],
      [
        'the suite of setup.py',
        { 'setup.py': "setup(test_suite='pkg.tests')", 'pkg/tests/__init__.py': '', 'pkg/tests/test_a.py': functions },
        `${unittest} -s pkg/tests -t .`,
      ],
      [
        'a suite of setup.py that is a function',
        { 'setup.py': 'setup(\n  test_suite = "tests.suite",\n)', 'tests/test_a.py': cases },
        'python3 -m unittest -v tests.suite',
      ],
      [
        'what the target of the Makefile runs',
        {
          'setup.py': '',
          Makefile: 'test:\n\t@$(PYTHON) -m unittest discover -s tests\n',
          'tests/test_a.py': functions,
        },
        'python3 -m unittest discover -s tests',
      ],
      [
        'all where a recipe of the Makefile has several lines',
        {
          'setup.py': '',
          Makefile: 'test:\n\tpython3 -m unittest a\n\tpython3 -m unittest b\n',
          'tests/test_a.py': cases,
        },
        `${unittest} -s tests`,
      ],
      [
        'all where the target of the Makefile has prerequisites',
        { 'setup.py': '', Makefile: 'test: build\n\tpython3 -m unittest a\n', 'tests/test_a.py': cases },
        `${unittest} -s tests`,
      ],
      [
        'files with the other name in a package of a folder',
        { 'tests/test_a.py': cases, 'tests/unit/__init__.py': '', 'tests/unit/b_test.py': cases },
        `${unittest} -s tests && ${unittest} -s tests -p '*_test.py'`,
      ],
      ['a Django project', { 'manage.py': '', 'app/tests.py': cases }, 'python3 manage.py test --noinput'],
    ]);
  });

  describe('that are set up for tox', () => {
    const tox = (...more: string[]) => ({ 'tox.ini': lines(...more) });
    findsEach([
      ['its commands', tox('[testenv]', 'deps = pytest', 'commands = pytest {posargs:tests} -q'), 'pytest tests -q'],
      [
        'several of its commands',
        tox(
          '[testenv]',
          'commands =',
          '    # all',
          '    coverage run -m unittest \\',
          '        discover',
          '    coverage report',
        ),
        'coverage run -m unittest discover && coverage report',
      ],
      [
        'commands that another section has',
        tox('[base]', 'run = pytest', '[testenv]', 'commands = {[base]run} {toxinidir}/tests'),
        'pytest tests',
      ],
      [
        'commands with variables and a folder',
        tox('[testenv]', 'setenv =', '  A = b/c', 'change_dir = {toxinidir}/sub', 'commands = pytest "-k not slow"'),
        'cd sub && export A=b/c && pytest "-k not slow"',
      ],
      [
        'those commands that are for the first environment of the newest Python',
        tox(
          '[tox]',
          'envlist = lint, py{310,311}-django{42,50}',
          '[testenv]',
          'commands =',
          '  django42: old',
          '  django50: new',
          '  !cov: pytest',
        ),
        'old && pytest',
      ],
      [
        'those commands whose environments all have a factor',
        tox(
          '[tox]',
          'env_list = lint-{a,b},',
          '  3.1{0-5}-tests',
          '[testenv]',
          'commands =',
          '  tests: pytest',
          '  lint: ruff',
        ),
        'pytest',
      ],
      [
        'commands that need the folder of tox',
        tox('[testenv]', 'commands = pytest --basetemp={envtmpdir}'),
        'mkdir -p .tox/py/tmp && pytest --basetemp=.tox/py/tmp',
      ],
      [
        'an environment with a name for tests',
        tox('[testenv]', 'commands = flake8', '[testenv:tests]', 'commands = pytest'),
        'pytest',
      ],
      [
        'by tox what has substitutions that only tox knows',
        tox('[testenv]', 'commands = pytest {envbindir}'),
        'tox run -e py',
      ],
      ['by tox what a shell would take otherwise', tox('[testenv]', 'commands = pytest $HOME'), 'tox run -e py'],
      ['by tox what may fail', tox('[testenv]', 'commands = - pytest'), 'tox run -e py'],
      [
        'by tox what is installed in a special way',
        tox('[testenv]', 'deps = --pre pytest', 'commands = pytest'),
        'tox run -e py',
      ],
      ['by tox what is in TOML', { 'tox.toml': '[env_run_base]\ncommands = [["pytest"]]\n' }, 'tox run -e py'],
      ['settings in setup.cfg', { 'setup.cfg': lines('[tox:tox]', '[testenv]', 'commands = pytest') }, 'pytest'],
      [
        'settings in pyproject.toml',
        { 'pyproject.toml': lines('[tool.tox]', 'legacy_tox_ini = """', '[testenv]', 'commands = pytest', '"""') },
        'pytest',
      ],
      [
        'others where tox runs no tests',
        { ...tox('[testenv]', 'commands = flake8'), 'tests/test_a.py': functions },
        pytest,
      ],
    ]);

    it('installs what tox would', () => {
      const deps = [
        'deps =',
        '  -r requirements/test.txt',
        '  -r{toxinidir}/dev.txt',
        '  pytest>=8 ; python_version > "3.8"',
        'extras = a, b',
      ];
      expect(installed(tox('[testenv]', ...deps, 'commands = pytest'))).to.deep.equal({
        project: true,
        extras: ['a', 'b'],
        requirements: ['requirements/test.txt', 'dev.txt'],
        packages: ['pytest>=8 ; python_version > "3.8"'],
      });
      expect(
        installed(tox('[tox]', 'skipsdist = True', '[testenv]', 'deps = .[x]', 'commands = pytest')),
      ).to.deep.equal({ project: true, extras: ['x'] });
      expect(installed(tox('[testenv]', 'skip_install = true', 'deps = pytest', 'commands = pytest'))).to.deep.equal({
        packages: ['pytest'],
      });
      expect(installed(tox('[testenv]', 'commands = pytest $HOME'))).to.deep.equal({ packages: ['tox>=4'] });
    });
  });

  describe('that are set up for nox', () => {
    const nox = (...body: string[]) => ({
      'noxfile.py': lines('import nox', '', '', '@nox.session', 'def tests(session):', ...body, '', 'X = 1'),
    });
    findsEach([
      [
        'the commands of its session',
        nox(
          '    """Runs."""',
          '    session.install("-e", ".[test]", "pytest")  # all',
          '    session.run(',
          '        "pytest",',
          '        "-k", "not (slow)", *session.posargs,',
          '        external=True,',
          '    )',
        ),
        "pytest -k 'not (slow)'",
      ],
      [
        'by nox what has conditions',
        nox('    if X:', '        session.run("pytest")'),
        'nox --non-interactive --force-python python3 --session tests',
      ],
      [
        'by nox what computes its arguments',
        nox('    session.run("pytest", X)'),
        'nox --non-interactive --force-python python3 --session tests',
      ],
      [
        'a session with a name of its own',
        {
          'noxfile.py': lines(
            '@nox.session(',
            '    python=["3.8"],',
            '    name="unit",',
            ')',
            'def run_unit(session: nox.Session) -> None:',
            '    session.run("pytest")',
          ),
        },
        'pytest',
      ],
      [
        'by nox what has parameters',
        {
          'noxfile.py': lines(
            '@nox.session',
            '@nox.parametrize("a", [1, 2])',
            'def test(session, a):',
            '    session.run("pytest")',
          ),
        },
        'nox --non-interactive --force-python python3 --session test',
      ],
      [
        'others where no session runs tests',
        { 'noxfile.py': lines('@nox.session', 'def docs(session):', '    session.run("x")'), 'test_a.py': functions },
        pytest,
      ],
    ]);

    it('installs what the session does', () => {
      expect(
        installed(
          nox(
            '    session.install("-e.[test]", "-r", "dev.txt")',
            '    session.install("pytest")',
            '    session.run("pytest")',
          ),
        ),
      ).to.deep.equal({
        project: true,
        extras: ['test'],
        requirements: ['dev.txt'],
        packages: ['pytest'],
      });
      expect(installed(nox('    session.run("pytest", X)'))).to.deep.equal({ packages: ['nox'] });
    });
  });

  describe('that have scripts', () => {
    const toml = (...all: string[]) => ({ 'pyproject.toml': lines(...all) });
    const hatch = toml(
      '[tool.hatch.envs.default]',
      'dependencies = ["pytest", "coverage[toml]"]',
      'features = ["x"]',
      '[tool.hatch.envs.default.scripts]',
      'test = "pytest {args:tests}"',
      'cov = ["test"]',
    );
    findsEach([
      ['a script of hatch', hatch, 'pytest tests'],
      [
        'a script of hatch that names others',
        toml('[tool.hatch.envs.test.scripts]', 'one = "pytest a"', 'run = ["one", "pytest b"]'),
        'pytest a && pytest b',
      ],
      [
        'by hatch a script that is not plain, though another one is',
        toml('[tool.hatch.envs.test.scripts]', 'test = "pytest | tee log"', 'unit = "pytest unit"'),
        'hatch run test:test',
      ],
      [
        'by hatch what needs variables of an environment',
        toml('[tool.hatch.envs.default.env-vars]', 'A = "b"', '[tool.hatch.envs.test.scripts]', 'run = "pytest"'),
        'hatch run test:run',
      ],
      [
        'by hatch what it prepares after the installation',
        toml('[tool.hatch.envs.default]', 'post-install-commands = ["x"]', 'scripts.test = "pytest"'),
        'hatch run default:test',
      ],
      [
        'by hatch what has a matrix',
        toml('[[tool.hatch.envs.test.matrix]]', 'a = ["1"]', '[tool.hatch.envs.test.scripts]', 'run = "pytest"'),
        'hatch run test:run',
      ],
      [
        'others where the first script needs a shell',
        { ...toml('[tool.pdm.scripts]', 'test = "pytest | tee"', 'tests = "pytest a"'), 'test_a.py': functions },
        pytest,
      ],
      [
        'what hatch test is told',
        toml('[tool.hatch.envs.hatch-test]', 'default-args = ["src"]'),
        'python3 -m pytest src',
      ],
      ['a script of PDM', toml('[tool.pdm.scripts]', 'test = {cmd = ["pytest", "-v"]}'), 'pytest -v'],
      ['a script of Poe the Poet', toml('[tool.poe.tasks]', 'test.cmd = "pytest"'), 'pytest'],
      ['a script of taskipy', toml('[tool.taskipy.tasks]', 'test = "python -m unittest"'), 'python -m unittest'],
      [
        'others where the script needs a shell',
        { ...toml('[tool.taskipy.tasks]', 'test = "pytest | tee log"'), 'test_a.py': functions },
        pytest,
      ],
    ]);

    it('installs what the environment of hatch has', () => {
      const special = toml('[tool.hatch.envs.test]', 'dependencies = ["-x"]', 'scripts.run = "pytest"');
      expect(installed(special)).to.deep.equal({ packages: ['hatch'] });
      expect(installed(hatch)).to.deep.equal({ project: true, extras: ['x'], packages: ['pytest', 'coverage[toml]'] });
    });
  });

  describe('are installed as their maintainers do:', () => {
    const tested = { 'tests/test_a.py': functions };
    const project = (...more: string[]) => ({ ...tested, 'pyproject.toml': lines(...more) });
    const rows: [string, Files, object][] = [
      ['nothing but the runner, where there is nothing', tested, { packages: ['pytest'] }],
      ['nothing at all for unittest', { 'tests/test_a.py': cases }, {}],
      [
        'the project with its extra for tests',
        project(build, '[project.optional-dependencies]', 'tests = ["pytest"]', 'dev = ["pytest", "black"]'),
        { project: true, extras: ['tests'] },
      ],
      [
        'the extra for developers where that for tests does not bring the runner',
        project(build, '[project.optional-dependencies]', 'test = ["mock"]', 'dev = ["pytest"]'),
        { project: true, extras: ['test', 'dev'] },
      ],
      [
        'a dependency group',
        project(build, '[dependency-groups]', 'test = [{include-group = "base"}]', 'base = ["pytest"]'),
        { project: true, groups: ['test'] },
      ],
      ['the runner, where no list brings it', project(build), { project: true, packages: ['pytest'] }],
      [
        'an extra of setup.cfg',
        {
          ...tested,
          'setup.cfg': lines('[metadata]', 'name = a', '[options.extras_require]', 'test =', '  pytest', '[other]'),
        },
        { project: true, extras: ['test'] },
      ],
      [
        'an extra of setup.py',
        { ...tested, 'setup.py': "setup(extras_require={'docs': ['x'], 'testing': ['pytest']})" },
        { project: true, extras: ['testing'] },
      ],
      [
        'dependencies alone of what is no package',
        project('[project]', 'name = "a"', 'dependencies = ["requests>=2"]'),
        { packages: ['requests>=2', 'pytest'] },
      ],
      [
        'files of requirements',
        { ...tested, 'requirements.txt': 'requests\n', 'requirements-test.txt': 'pytest\n' },
        { requirements: ['requirements.txt', 'requirements-test.txt'] },
      ],
      [
        'files of requirements in a folder',
        { ...tested, 'setup.py': '', 'requirements/base.txt': '', 'requirements/dev.txt': 'pytest' },
        { project: true, requirements: ['requirements/base.txt', 'requirements/dev.txt'] },
      ],
      [
        'a file of requirements with the words in the other order',
        { ...tested, 'setup.py': '', 'dev-requirements.txt': 'pytest\n' },
        { project: true, requirements: ['dev-requirements.txt'] },
      ],
      [
        'a Pipfile',
        { ...tested, Pipfile: '[packages]\nrequests = "*"\n[dev-packages]\npytest = ">=8"\n' },
        { packages: ['requests', 'pytest>=8'] },
      ],
      [
        'by uv what its lock file says',
        { ...project(build, '[dependency-groups]', 'dev = ["pytest"]'), 'uv.lock': '' },
        { manager: 'uv', project: true, groups: ['dev'] },
      ],
      [
        'by uv what is no package',
        { ...project('[project]', 'name = "a"', '[tool.uv]', 'dev-dependencies = ["pytest"]'), 'uv.lock': '' },
        { manager: 'uv', groups: ['dev'] },
      ],
      [
        'by Poetry its groups',
        project('[tool.poetry.group.test.dependencies]', 'pytest = "^8"'),
        { manager: 'poetry', project: true, groups: ['test'] },
      ],
      [
        'by Poetry its old group',
        { ...project('[tool.poetry.dev-dependencies]', 'pytest = "^8"'), 'poetry.lock': '' },
        { manager: 'poetry', project: true, groups: ['dev'] },
      ],
      [
        'by PDM its groups',
        { ...project(build, '[tool.pdm.dev-dependencies]', 'test = ["pytest"]'), 'pdm.lock': '' },
        { manager: 'pdm', project: true, groups: ['test'] },
      ],
      [
        'no requirement that pip would take for an option',
        project('[project]', 'name = "a"', 'dependencies = ["--index-url=x", "$(x)"]'),
        { packages: ['pytest'] },
      ],
    ];
    for (const [what, files, expected] of rows)
      it(what, () => {
        expect(installed(files)).to.deep.equal(expected);
      });
  });

  passesOverEach([
    [
      'a description without tests',
      { 'pyproject.toml': build },
      'pyproject.toml: it has no tests in files such as test_….py',
    ],
    [
      'what has neither sessions nor tests',
      { 'noxfile.py': '', 'tox.ini': '[testenv:docs]\n' },
      'tox.ini: tox.ini has no commands that run tests; noxfile.py has no session "tests" or "test"; it has no tests in files such as test_….py',
    ],
    [
      'tests of examples',
      { 'setup.py': '', 'examples/test_a.py': functions },
      'setup.py: it has no tests in files such as test_….py',
    ],
  ]);

  it('leaves tests to the project in a folder that they belong to', () => {
    const files = {
      'backend/manage.py': '',
      'backend/app/tests.py': cases,
      'web/package.json': '{"scripts":{"test":"x"}}',
    };
    expect(runsOf(files)).to.deep.equal(['backend: python3 manage.py test --noinput', 'web: npm test']);
  });

  it('runs no environment of tox that has no commands, since tox would succeed', () => {
    const files = { 'tox.ini': lines('[tox]', 'envlist = docs', '[testenv]', 'commands =', '  docs: sphinx') };
    expect(runsOf(files)).to.deep.equal([]);
    const toml = (...all: string[]) => runsOf({ 'tox.toml': lines(...all, 'commands = [["pytest"]]') });
    expect(toml('[env.docs]')).to.deep.equal([]);
    expect(toml('[env.tests]')).to.deep.equal(['tox run -e tests']);
    expect(toml('[env_run_base]')).to.deep.equal(['tox run -e py']);
  });

  describe('beside a Node project, without a file that describes them', () => {
    const node = (test: string) => JSON.stringify({ scripts: { test } });
    const npm = 'npm test';
    const own = { 'package.json': node('mocha'), 'tool.py': '' };
    findsEach([
      ['cases that are surely its own', { ...own, 'tests/test_a.py': cases }, npm, `${unittest} -s tests`],
      ['cases in the root', { ...own, 'test_a.py': `from ${cases.slice('import '.length)}` }, npm, unittest],
      [
        'tests for pytest, and no others that pytest would find',
        { ...own, 'test/a_test.py': `import pytest\n${functions}`, 'lib/test_b.py': functions },
        npm,
        `${pytest} test`,
      ],
      ['not what may be input of its tests', { ...own, 'tests/python/test_a.py': cases }, npm],
      ['not fixtures', { ...own, 'tests/fixtures/test_a.py': cases, 'fixtures/test_b.py': cases }, npm],
      ['not files that import neither unittest nor pytest', { ...own, 'tests/test_a.py': functions }, npm],
      ['not tests of no Python', { 'package.json': node('mocha'), 'tests/test_a.py': cases }, npm],
      [
        'not what a script of package.json runs',
        { ...own, 'package.json': node('mocha && python3 -m unittest'), 'tests/test_a.py': cases },
        npm,
      ],
      [
        'not in a project of another language',
        { 'go.mod': '', 'tool.py': '', 'tests/test_a.py': cases },
        'go test -v ./...',
      ],
    ]);

    it('has both jobs named by their kinds', () => {
      const found = projectsOf({ ...own, 'tests/test_a.py': cases });
      expect(found.map(({ kind, because }) => [kind, because])).to.deep.equal([
        ['node', 'package.json'],
        ['python', 'tests/'],
      ]);
    });
  });

  it('runs tests without a description only where nothing else has tests', () => {
    expect(runsOf({ Makefile: 'test:\n', 'tests/tests.py': '' })).to.deep.equal(['make test']);
    expect(runsOf({ 'go.mod': '', 'tests/test_a.py': functions })).to.deep.equal(['go test -v ./...']);
  });

  it('has pytest write a report unless the project has one written', () => {
    const reporterOf = (files: Files) => projectOf(files).reporter;
    expect(reporterOf({ 'pytest.ini': '' })).to.equal('pytest');
    expect(reporterOf({ 'tox.ini': '[testenv]\ncommands = coverage run -m pytest\n' })).to.equal('pytest');
    expect(reporterOf({ 'pytest.ini': '[pytest]\naddopts = --junitxml=x.xml\n' })).to.equal(undefined);
    expect(reporterOf({ 'tests/test_a.py': cases })).to.equal(undefined);
  });

  it('says what was passed over on the way, and why pytest or unittest runs the tests', () => {
    expect(projectOf({ 'tox.ini': '[testenv:lint]\ncommands = black\n', 'tests/test_a.py': cases }).why).to.equal(
      'tox.ini has no commands that run tests; nothing configures or requires pytest for tests such as tests/test_a.py',
    );
  });

  it('passes over commands of tox that do nothing, and not over those that do something as well', () => {
    const whyOf = (commands: string) =>
      projectOf({ 'tox.ini': `[testenv]\ncommands =\n  ${commands}\n`, 'tests/test_a.py': cases }).why;
    expect(whyOf('true')).to.match(/^tox\.ini has no commands that run tests; /);
    expect(whyOf('echo no tests')).to.match(/^tox\.ini has no commands that run tests; /);
    expect(whyOf('true\n  ./run')).to.equal('these are the commands of tox for its environment py');
  });

  it('says that unittest runs tests that may be written for pytest, if it has not read them all', () => {
    const files = ['a.py', 'b.py'].map((name) => ({ path: `tests/test_${name}`, executable: false }));
    const { projects } = discover(new Tree(files, new Map([['tests/test_a.py', cases]])));
    expect(projects[0]?.why).to.equal(
      'nothing configures or requires pytest for tests such as tests/test_a.py; Volt did not read 1 of 2 files with tests, so configure pytest if they need it',
    );
  });

  it('asks for the version of Python that a file names', () => {
    const toolsOf = (files: Files) => projectOf({ 'test_a.py': cases, ...files }).tools;
    expect(toolsOf({ '.python-version': '3.12\n' })).to.deep.equal([
      { tool: 'python', version: '3.12', because: '.python-version' },
    ]);
    expect(toolsOf({ 'pyproject.toml': '[project]\nrequires-python = ">=3.9"\n' })).to.deep.equal([
      { tool: 'python', version: '>=3.9', because: 'pyproject.toml' },
    ]);
  });
});
