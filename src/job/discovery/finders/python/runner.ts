import { shellWord } from '../../../../system/shell-word.ts';
import { recordIn } from '../../records.ts';
import type { Tree } from '../../tree.ts';

/** The file that configures pytest, as pytest itself looks for it. */
export function pytestConfiguration(tree: Tree): string | undefined {
  const sections: [string, (text: string) => boolean][] = [
    ['pytest.toml', () => true],
    ['.pytest.toml', () => true],
    ['pytest.ini', () => true],
    ['.pytest.ini', () => true],
    ['pyproject.toml', () => Object.keys(recordIn(tree.toml('pyproject.toml') ?? {}, 'tool', 'pytest')).length > 0],
    ['tox.ini', (text) => /^\[pytest\]/m.test(text)],
    ['setup.cfg', (text) => /^\[tool:pytest\]/m.test(text)],
  ];
  return sections.find(([file, isConfigured]) => tree.has(file) && isConfigured(tree.text(file)))?.[0];
}

/** Where the project says itself that unittest runs its tests: a recipe of its Makefile, or `test_suite` of setup.py. */
export function unittestOf(tree: Tree): { because: string; why: string; command: string } | undefined {
  const makefile = tree.first('GNUmakefile', 'makefile', 'Makefile');
  const recipe = makefile && recipeOf(tree.text(makefile));
  if (makefile !== undefined && recipe !== undefined)
    return { because: makefile, why: 'its target for tests runs unittest', command: recipe };
  const suite = /\btest_suite\s{0,5}=\s{0,5}["']([A-Za-z_][\w.]{0,200})["']/.exec(tree.text('setup.py'))?.[1];
  if (suite === undefined) return undefined;
  const folder = suite.replaceAll('.', '/');
  const top = ['', 'src/'].find((each) => tree.hasFolder(`${each}${folder}`));
  const start = `${top ?? ''}${folder}`;
  const isPackage = tree.has(`${start}/__init__.py`);
  const folders = `-s ${shellWord(start)}${isPackage ? ` -t ${top === 'src/' ? 'src' : '.'}` : ''}`;
  const command = `python3 -m unittest ${top === undefined ? `-v ${suite}` : `discover -v ${folders}`}`;
  return { because: 'setup.py', why: `it has the test suite ${suite}`, command };
}

/** The command of a target for tests that runs unittest, if it is all that Make would run, and has no variables. */
function recipeOf(makefile: string): string | undefined {
  const lines = makefile.split('\n');
  const start = lines.findIndex((line) =>
    /^(?:[\w -]{0,100} )?(?:test|check|tests)(?: [\w -]{0,100})?:(?!=)/.test(line),
  );
  if (start < 0 || !/:\s*(?:#.*)?$/.test(lines[start] ?? '')) return undefined;
  const rest = lines.slice(start + 1);
  const end = rest.findIndex((line) => !line.startsWith('\t') && line.trim() !== '');
  const recipe = (end < 0 ? rest : rest.slice(0, end)).filter((line) => line.trim() !== '');
  if (recipe.length !== 1) return undefined;
  const command = /^\t@?(?:python3?|\$[({]PYTHON[)}]) -m unittest((?: [\w./=*'-]{1,100}){0,20})\s*$/;
  const args = command.exec(recipe[0] as string)?.[1];
  return args === undefined ? undefined : `python3 -m unittest${args}`;
}
