import { type Finder, step } from '../project.ts';
import type { Tree } from '../tree.ts';

/** Targets that run tests; the first that is there and runs anything counts. */
const targets = ['test', 'check', 'tests'];

/** A Makefile with a target for tests. */
export const make: Finder = (tree) => {
  const because = tree.first('GNUmakefile', 'makefile', 'Makefile');
  if (because === undefined) return undefined;
  const defined = rulesIn(tree.text(because));
  const there = targets.filter((name) => defined.has(name));
  if (there.length === 0) return { because, why: `${because} has no target "test" or "check"` };
  const target = there.find((name) => !isIdle(name, defined, tree));
  if (target === undefined) return { because, why: `its target "${there[0]}" runs no tests` };
  return { kind: 'make', because, why: `it has the target "${target}"`, steps: [step('test', `make ${target}`)] };
};

interface Rule {
  /** its prerequisites, of all rules with that target */
  needs: Set<string>;
  /** its commands, without what only tells Make how to run them */
  recipe: Set<string>;
}

/** The rules of a Makefile for tests; one line may have several targets: `check test: all`. */
function rulesIn(makefile: string): Map<string, Rule> {
  const found = new Map<string, Rule>();
  let current: Rule[] = [];
  for (const line of makefile.split('\n')) {
    if (line.startsWith('\t')) for (const { recipe } of current) recipe.add(commandOf(line));
    const at = line.indexOf(':');
    // a recipe, a comment, or a variable such as `test := 1`, `test ::= 1` or `test = a:b`
    if (at < 0 || /^[\t#]/.test(line) || /^:{0,2}=/.test(line.slice(at + 1)) || line.slice(0, at).includes('='))
      continue;
    const [needs = '', ...inline] = line
      .slice(at + 1)
      .replace(/^:/, '')
      .split(';');
    const names = new Set(line.slice(0, at).trim().split(/\s+/));
    current = [];
    for (const name of targets.filter((each) => names.has(each))) {
      const rule = found.get(name) ?? { needs: new Set(), recipe: new Set() };
      found.set(name, rule);
      current.push(rule);
      for (const need of needs.trim().split(/\s+/)) if (need !== '') rule.needs.add(need);
      if (inline.length > 0) rule.recipe.add(commandOf(inline.join(';')));
    }
  }
  return found;
}

/** A line of a recipe without its prefixes, such as the `@` that keeps Make from printing it. */
function commandOf(line: string): string {
  return line.trim().replace(/^[@+-]+\s*/, '');
}

/** Whether a target ends with 0 without a test: its recipe runs none, and what it needs are such targets. */
function isIdle(target: string, rules: ReadonlyMap<string, Rule>, tree: Tree, above: readonly string[] = []): boolean {
  const rule = rules.get(target);
  if (rule === undefined || above.includes(target)) return false;
  const { needs, recipe } = rule;
  const commands = [...recipe].filter((command) => command !== '' && command[0] !== '#');
  const isNothing = (command: string) =>
    /^(?:true|:|exit 0)$/.test(command) || (/^dune (?:runtest|test)$/.test(command) && !namesTests(tree));
  return (
    needs.size + commands.length > 0 &&
    [...needs].every((need) => isIdle(need, rules, tree, [...above, target])) &&
    commands.every(isNothing)
  );
}

/** Whether a dune file may have tests: `dune runtest` says nothing and ends with 0 where none has. */
function namesTests(tree: Tree): boolean {
  const isDune = (path: string) => /(^|\/)dune$/.test(path) && /runtest|tests?\b|cram/.test(tree.text(path));
  return tree.below().some((path) => isDune(path) || /\.t(?:\/run\.t)?$/.test(path));
}
