import { type Finder, type Found, step } from '../project.ts';
import type { Tree } from '../tree.ts';

/**
 * pytest if the project configures it or Python can import it; otherwise the standard library's unittest, as the
 * original CI did with the folder `tests/`.
 */
export const python: Finder = (tree) => {
  const configured = configuration(tree);
  if (configured !== undefined) {
    const steps = [step('test', 'python3 -m pytest')];
    const found: Found = { kind: 'python', because: configured, why: `${configured} configures pytest`, steps };
    // a project that writes such reports itself is left alone
    return tree.text(configured).includes('junitxml') ? found : { ...found, reporter: 'pytest' };
  }
  const tests = ['tests', 'test'].find((folder) => tree.names(folder).some((name) => testFile.test(name)));
  if (tests === undefined) return undefined;
  const top = tree.has(`${tests}/__init__.py`) ? ' -t .' : '';
  const command = `if python3 -c 'import pytest' 2>/dev/null; then python3 -m pytest ${tests}; else python3 -m unittest discover -v -s ${tests}${top}; fi`;
  return {
    kind: 'python',
    because: `${tests}/`,
    why: `${tests}/ has Python tests, and nothing configures pytest`,
    steps: [step('test', command, ['python3'])],
    reporter: 'pytest',
  };
};

const testFile = /^test.*\.py$|_test\.py$/;

function configuration(tree: Tree): string | undefined {
  const sections: [string, RegExp][] = [
    ['pytest.ini', /./s],
    ['pyproject.toml', /^\[tool\.pytest/m],
    ['tox.ini', /^\[pytest\]/m],
    ['setup.cfg', /^\[tool:pytest\]/m],
  ];
  return sections.find(([file, section]) => section.test(tree.text(file)))?.[0];
}
