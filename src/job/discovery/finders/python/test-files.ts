import { shellWord } from '../../../../system/shell-word.ts';
import { isForeign } from '../../describing-files.ts';
import type { Tree } from '../../tree.ts';

/** Names that pytest and unittest take for tests. */
const testName = /^(test[^/]*|[^/]*_test)\.py$/;
/** Folders whose files are input of tests, or show how something is used. */
const others =
  /^(docs?|examples?|samples?|demos?|bench(mark)?s?|fixtures|testdata|test_data|data|scripts|tools|build|dist|site-packages)$/;

/** Files that make a folder a project of its own. */
const descriptions = ['pyproject.toml', 'setup.py', 'setup.cfg', 'tox.ini', 'Pipfile', 'manage.py'];

/** Paths of the files with tests, wherever they are, without those of projects in folders. */
export function testFiles(tree: Tree): string[] {
  const belongs = new Map<string, boolean>([['', true]]);
  /** Whether the tests in a folder are those of the root. */
  const isOwn = (folder: string): boolean => {
    const known = belongs.get(folder);
    if (known !== undefined) return known;
    const at = folder.lastIndexOf('/');
    const name = folder.slice(at + 1);
    const isOther = isForeign(name) || others.test(name) || /^\.|\.egg-info$/.test(name);
    const own =
      !isOther &&
      !descriptions.some((file) => tree.has(`${folder}/${file}`)) &&
      isOwn(folder.slice(0, Math.max(at, 0)));
    belongs.set(folder, own);
    return own;
  };
  return tree.below().filter((path) => {
    const at = path.lastIndexOf('/');
    return testName.test(path.slice(at + 1)) && isOwn(path.slice(0, Math.max(at, 0)));
  });
}

/** Whether the tests are written for pytest: they import it, have its conftest.py, or are functions by themselves. */
export function isForPytest(tree: Tree, files: readonly string[]): boolean {
  const folders = new Set(['', ...files.map((path) => path.slice(0, Math.max(path.lastIndexOf('/'), 0)))]);
  if ([...folders].some((folder) => tree.has(folder === '' ? 'conftest.py' : `${folder}/conftest.py`))) return true;
  return files.some((path) => /^(?:import pytest\b|from pytest\b|def test_|async def test_)/m.test(tree.text(path)));
}

/** Whether tests are loaded by unittest's protocol, which pytest does not know. */
export function hasLoadTests(tree: Tree, files: readonly string[]): boolean {
  const packages = new Set(files.map((path) => path.replace(/[^/]*$/, '__init__.py')));
  return [...packages, ...files].some((path) => /^(?:async )?def load_tests\(/m.test(tree.text(path)));
}

/** The commands by which unittest finds the tests: one for each folder that it cannot reach from another. */
export function unittestCommand(tree: Tree, files: readonly string[]): string {
  const starts = new Map<string, { top: string; start: string; patterns: Set<string> }>();
  for (const path of files) {
    const found = startOf(tree, path.slice(0, Math.max(path.lastIndexOf('/'), 0)));
    const key = `${found.top}\0${found.start}`;
    const known = starts.get(key) ?? { ...found, patterns: new Set<string>() };
    known.patterns.add(/(^|\/)test[^/]*$/.test(path) ? 'test*.py' : '*_test.py');
    starts.set(key, known);
  }
  const all = [...starts.values()].sort((a, b) => a.start.length - b.start.length);
  // unittest goes from a folder into the packages in it
  const isReached = ({ top, start }: (typeof all)[number]) => start !== top && starts.has(`${top}\0${top}`);
  const reached = all.filter(isReached);
  for (const { top, patterns } of reached)
    for (const pattern of patterns) starts.get(`${top}\0${top}`)?.patterns.add(pattern);
  const commands = all
    .filter((each) => !reached.includes(each))
    .flatMap(({ top, start, patterns }) =>
      [...patterns]
        .sort()
        .reverse()
        .map((pattern) => {
          const options = [
            start === '' ? '' : ` -s ${shellWord(start)}`,
            top === start ? '' : ` -t ${top === '' ? '.' : shellWord(top)}`,
            pattern === 'test*.py' ? '' : ` -p '${pattern}'`,
          ];
          return `python3 -m unittest discover -v${options.join('')}`;
        }),
    );
  return commands.join(' && ');
}

/**
 * Where unittest must start to find the tests of a folder.
 * @returns `top` is the folder from which their modules are imported: the first one above that is not a package
 */
function startOf(tree: Tree, folder: string): { top: string; start: string } {
  let top = folder;
  let start = folder;
  while (top !== '' && tree.has(`${top}/__init__.py`)) {
    start = top;
    top = top.slice(0, Math.max(top.lastIndexOf('/'), 0));
  }
  return { top, start };
}
