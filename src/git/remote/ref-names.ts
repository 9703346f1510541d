import { VoltError } from '../../kernel/errors.ts';
import { isRefName } from '../../kernel/ref-name.ts';

/** @throws VoltError `bad_ref` */
export function checkRefName(name: string): string {
  if (isRefName(name)) return name;
  throw new VoltError('bad_ref', `"${name.slice(0, 100)}" cannot be the name of a branch, tag or commit`, {
    remedy: 'Give a branch, a tag, a full ref such as refs/heads/main, or a commit id.',
  });
}

/**
 * A matcher for globs of branch or tag names: `*` matches any characters but "/", `**` any characters, `?` one.
 * @throws VoltError `bad_ref`
 */
export function refMatcher(globs: readonly string[]): (name: string) => boolean {
  const patterns = globs.map((glob) => {
    if (glob.length > 255 || !isRefName(glob.replaceAll('*', 'x').replaceAll('?', 'x'))) {
      throw new VoltError('bad_ref', `"${glob.slice(0, 100)}" cannot be a glob of branches or tags`, {
        remedy: 'Give the name of a branch or tag, with "*" or "**" where it may vary, as in "release/*".',
      });
    }
    return [...(glob.match(/\*\*|./gsu) ?? [])];
  });
  return (name) => patterns.some((pattern) => fits(pattern, [...name]));
}

/**
 * Matches all alternatives of the pattern at once (Thompson, "Regular Expression Search Algorithm", CACM 1968). The names
 * come from other people's repositories, and a backtracking regular expression would take for ever with some of them.
 */
function fits(pattern: readonly string[], name: readonly string[]): boolean {
  // positions in the pattern that the name so far can match; a star may match nothing
  const reach = (positions: number[]): Set<number> => {
    const reached = new Set<number>();
    for (let position of positions) {
      for (reached.add(position); pattern[position] === '*' || pattern[position] === '**'; ) reached.add(++position);
    }
    return reached;
  };
  let positions = reach([0]);
  for (const character of name) {
    const next: number[] = [];
    for (const position of positions) {
      const part = pattern[position];
      if (part === '**' || (part === '*' && character !== '/')) next.push(position);
      else if (part === character || (part === '?' && character !== '/')) next.push(position + 1);
    }
    positions = reach(next);
  }
  return positions.has(pattern.length);
}
