import { shellWord } from '../../../system/shell-word.ts';
import { type Finder, type Found, isProject, type PythonEnvironment, step } from '../project.ts';
import type { Tree } from '../tree.ts';
import { node } from './node.ts';
import { testsBesideNode } from './python/beside-node.ts';
import { runsPytest, startedBy } from './python/command-line.ts';
import { environmentFor, Installation } from './python/environment.ts';
import { isCommand, type NoCommand, type OwnCommand } from './python/needs.ts';
import { nox } from './python/nox.ts';
import { pytestConfiguration, unittestOf } from './python/runner.ts';
import { hatch, scripts } from './python/scripts.ts';
import { hasLoadTests, isForPytest, testFiles, unittestCommand } from './python/test-files.ts';
import { tox } from './python/tox.ts';

/** Files that Python projects have; where there are no tests, the first of them is passed over. */
const descriptions = [
  ...['pyproject.toml', 'setup.py', 'setup.cfg', 'tox.ini', 'noxfile.py', 'manage.py', 'Pipfile', 'requirements.txt'],
  ...['pytest.ini', '.pytest.ini', 'pytest.toml', '.pytest.toml', 'conftest.py', 'hatch.toml', 'tox.toml'],
];

/**
 * A Python project: the commands of tox, nox, hatch or another tool that it is set up for; else pytest, if the project
 * configures or requires it or its tests are written for it; else unittest of the standard library.
 */
export const python: Finder = (tree) => {
  const described = describedBy(tree);
  if (described === undefined) return besideNode(tree);
  const passed: string[] = [];
  for (const findCommand of [tox, nox, hatch, scripts] as ((tree: Tree) => OwnCommand | NoCommand | undefined)[]) {
    const own = findCommand(tree);
    if (own && isCommand(own)) return ofCommand(tree, own, passed);
    if (own) passed.push(own.why);
  }
  const why = [...passed, 'it has no tests in files such as test_….py'].join('; ');
  return byFiles(tree, testFiles(tree), passed) ?? { because: described, why };
};

function describedBy(tree: Tree): string | undefined {
  return (
    tree.first(...descriptions) ?? tree.names().find((name) => /requirements.*\.txt$/.test(name) && tree.has(name))
  );
}

/** Python tests that no file describes. */
export const pythonTests: Finder = (tree) => {
  if (describedBy(tree) !== undefined || besideNode(tree) !== undefined) return undefined;
  return byFiles(tree, testFiles(tree), []);
};

/** Tests that no file describes, beside those of a Node project. pytest would look for more of them everywhere. */
function besideNode(tree: Tree): Found | undefined {
  const tests = testsBesideNode(tree);
  const beside = tests.length > 0 ? node(tree) : undefined;
  if (!beside || !isProject(beside)) return undefined;
  const installation = new Installation(tree);
  const choice = runnerFor(tree, tests, installation);
  if (!choice) return undefined;
  const paths = [...new Set(tests.map((path) => path.split('/')[0] as string))].map(shellWord);
  const command = choice.command === pytest ? `${pytest} ${paths.join(' ')}` : choice.command;
  const why = ['they are beside the tests of package.json', choice.why, installation.why];
  return found(tree, { because: choice.because, why, command }, installation.environment(command));
}

/** @param passed what was looked at before, and why it does not count */
function ofCommand(tree: Tree, own: OwnCommand, passed: readonly string[]): Found {
  const { because, why, command, needs } = own;
  const installation = new Installation(tree);
  const clauses = [...passed, why, needs ? '' : installation.why];
  return found(
    tree,
    { because, why: clauses, command },
    needs ? environmentFor(needs) : installation.environment(command),
  );
}

function byFiles(tree: Tree, files: string[], passed: string[]): Found | undefined {
  const installation = new Installation(tree);
  const choice = runnerFor(tree, files, installation);
  if (!choice) return undefined;
  const { because, why, command } = choice;
  return found(tree, { because, why: [...passed, why, installation.why], command }, installation.environment(command));
}

function found(
  tree: Tree,
  { because, why, command }: { because: string; why: readonly string[]; command: string },
  environment: PythonEnvironment,
): Found {
  return {
    kind: 'python',
    because,
    why: why.filter((clause) => clause !== '').join('; '),
    steps: [step('test', command, ['python3'])],
    environment,
    ...reporter(tree, command),
    ...runner(tree, command),
  };
}

interface Choice {
  because: string;
  why: string;
  command: string;
}

const pytest = 'python3 -m pytest';

/** What runs the tests where no tool's configuration says it. */
function runnerFor(tree: Tree, files: readonly string[], installation: Installation): Choice | undefined {
  const configured = pytestConfiguration(tree);
  const first = files[0];
  if (configured !== undefined) return { because: configured, why: `${configured} configures pytest`, command: pytest };
  const own = unittestOf(tree);
  if (own) return own;
  if (first === undefined) return undefined;
  const because = first.includes('/') ? `${first.slice(0, first.indexOf('/'))}/` : first;
  if (tree.has('manage.py') && !installation.mentions('pytest'))
    return { because: 'manage.py', why: 'Django runs the tests', command: 'python3 manage.py test --noinput' };
  if (installation.mentions('pytest'))
    return { because, why: `the project requires pytest for tests such as ${first}`, command: pytest };
  if (!hasLoadTests(tree, files) && isForPytest(tree, files))
    return { because, why: `tests such as ${first} are written for pytest`, command: pytest };
  const why = `nothing configures or requires pytest for tests such as ${first}`;
  const unread = files.filter((path) => !tree.isRead(path)).length;
  const note =
    unread === 0
      ? ''
      : `; Volt did not read ${unread} of ${files.length} files with tests, so configure pytest if they need it`;
  return { because, why: `${why}${note}`, command: unittestCommand(tree, files) };
}

/** pytest prints nothing if the project wants that, but then Volt reads its report. */
function runner(tree: Tree, command: string): Pick<Found, 'runner'> {
  const name = startedBy(command);
  return name === 'unittest' || (name === 'pytest' && reporter(tree, command).reporter) ? { runner: name } : {};
}

/** pytest writes a report for Volt, unless the project has it write one already. */
function reporter(tree: Tree, command: string): Pick<Found, 'reporter'> {
  const configured = pytestConfiguration(tree);
  const writes =
    /junit|PYTEST_ADDOPTS/.test(command) || (configured !== undefined && tree.text(configured).includes('junitxml'));
  return runsPytest(command) && !writes ? { reporter: 'pytest' } : {};
}
