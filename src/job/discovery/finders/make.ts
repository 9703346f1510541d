import { type Finder, step } from '../project.ts';

/** Targets that run tests; the first that is there counts. */
const targets = ['test', 'check', 'tests'];

/** A Makefile with a target for tests. */
export const make: Finder = (tree) => {
  const because = tree.first('GNUmakefile', 'makefile', 'Makefile');
  if (because === undefined) return undefined;
  const defined = targetsIn(tree.text(because));
  const target = targets.find((name) => defined.has(name));
  if (target === undefined) return { because, why: `${because} has no target "test" or "check"` };
  return { kind: 'make', because, why: `it has the target "${target}"`, steps: [step('test', `make ${target}`)] };
};

/** The targets of a Makefile's own rules, of which one line may have several: `check test: all`. */
function targetsIn(makefile: string): Set<string> {
  const found = new Set<string>();
  for (const line of makefile.split('\n')) {
    const at = line.indexOf(':');
    // a recipe, a comment, or a variable such as `test := 1`, `test ::= 1` or `test = a:b`
    if (at < 0 || /^[\t#]/.test(line) || /^:{0,2}=/.test(line.slice(at + 1)) || line.slice(0, at).includes('='))
      continue;
    for (const name of line.slice(0, at).trim().split(/\s+/)) found.add(name);
  }
  return found;
}
