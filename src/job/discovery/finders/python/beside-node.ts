import { recordIn } from '../../records.ts';
import type { Tree } from '../../tree.ts';
import { testFiles } from './test-files.ts';

/** Folders of the root in which tests are those of the repository itself. */
const inTests = /^(?:tests?\/)?[^/]+$/;

/**
 * The Python tests of a Node project that no file describes, if they are surely its own, and not input of its tests: they are in
 * the root or right in `tests` or `test`, each imports unittest or pytest, there is Python beside them that they may test, and
 * no script of package.json runs Python itself. A test that does not run is better than a build that fails for nothing.
 */
export function testsBesideNode(tree: Tree): string[] {
  const manifest = tree.json('package.json');
  if (!manifest || /\b(?:python|pytest|unittest|tox|nox)/i.test(JSON.stringify(recordIn(manifest, 'scripts'))))
    return [];
  const tests = testFiles(tree).filter((path) => inTests.test(path));
  const areTests = tests.every((path) => /^(?:import|from) (?:unittest|pytest)\b/m.test(tree.text(path)));
  return areTests && tests.length > 0 && hasOther(tree, tests) ? tests : [];
}

/** Whether the repository has Python that is no test. */
function hasOther(tree: Tree, tests: readonly string[]): boolean {
  return tree.own('.py').some((path) => !/^tests?\//.test(path) && !tests.includes(path));
}
