import { type Finder, step } from '../project.ts';
import type { Tree } from '../tree.ts';

/** What makes automake run something for `make check`. */
const tests = /^[^\S\n]*(?:TESTS[^\S\n]*\+?=|check(?:-local)?[^\S\n]*:)/m;
/** Programs that `make check` builds, and does not run by itself. */
const programs = /^check_(?:PROGRAMS|SCRIPTS)[^\S\n]*\+?=/m;

/** A project of the GNU build system (Autoconf and Automake) with tests. */
export const autotools: Finder = (tree) => {
  const because = tree.first('configure.ac', 'configure.in');
  if (because === undefined) return undefined;
  const tested = makefilesOf(tree, because).find((path) => hasTests(tree.text(path)));
  if (tested === undefined) return { because, why: 'no Makefile.am of it has tests' };
  const own = ['autogen.sh', 'bootstrap', 'bootstrap.sh'].find((name) => tree.isExecutable(name));
  // many such scripts run configure as well unless told otherwise
  const generate = own === undefined ? 'autoreconf --install' : `NOCONFIGURE=1 ./${own}`;
  const programs = own === undefined ? ['autoreconf', 'make'] : [`./${own}`, 'make'];
  const configure = tree.isExecutable('configure') ? './configure' : `${generate} && ./configure`;
  return {
    kind: 'autotools',
    because,
    why: `${tested} has tests`,
    steps: [
      step('configure', configure, tree.isExecutable('configure') ? ['./configure', 'make'] : programs),
      step('build', 'make -j"$(getconf _NPROCESSORS_ONLN)"', ['make']),
      step('test', 'make check'),
    ],
  };
};

/** A file with programs for tests may include the list of those that are run. */
function hasTests(text: string): boolean {
  return tests.test(text) || (programs.test(text) && /^include[^\S\n]/m.test(text));
}

/** Those of the project itself, also in folders such as `examples`, if configure makes Makefiles there. */
function makefilesOf(tree: Tree, because: string): string[] {
  const own = new Set(tree.own('Makefile.am'));
  const made = new Set(tree.text(because).split(/[\s[\](),]+/));
  return tree
    .below()
    .filter((path) => own.has(path) || (path.endsWith('/Makefile.am') && made.has(path.slice(0, -'.am'.length))));
}
