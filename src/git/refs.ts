import { VoltError } from '../kernel/errors.ts';

/**
 * What git allows in the name of a ref, see git-check-ref-format(1), with a bound on its length.
 * A name that begins with "-" would be taken for an option.
 */
export function isRefName(name: string): boolean {
  if (name.length === 0 || name.length > 255 || name === '@' || name.startsWith('-')) return false;
  if (/[\s~^:?*[\\\p{Cc}]|\.\.|@\{|\/\/|\.$|\/$|^\//u.test(name)) return false;
  return name.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'));
}

/** @throws VoltError `bad_ref` */
export function checkRefName(name: string): string {
  if (isRefName(name)) return name;
  throw new VoltError('bad_ref', `"${name.slice(0, 100)}" cannot be the name of a branch, tag or commit`, {
    remedy: 'Give a branch, a tag, a full ref such as refs/heads/main, or a commit id.',
  });
}

/**
 * A matcher for globs of branch names: `*` stands for any characters but "/", `**` for any characters, `?` for one.
 * @throws VoltError `bad_ref`
 */
export function branchMatcher(globs: readonly string[]): (branch: string) => boolean {
  const patterns = globs.map((glob) => {
    if (glob.length > 255 || !isRefName(glob.replaceAll('*', 'x').replaceAll('?', 'x'))) {
      throw new VoltError('bad_ref', `"${glob.slice(0, 100)}" cannot be a glob of branches`, {
        remedy: 'Give the name of a branch, with "*" or "**" where it may vary, as in "release/*".',
      });
    }
    const source = glob.replace(/\*\*|[*?]|[.+^${}()|[\]\\]/g, (part) => {
      if (part === '**') return '.*';
      if (part === '*') return '[^/]*';
      return part === '?' ? '[^/]' : `\\${part}`;
    });
    return new RegExp(`^${source}$`);
  });
  return (branch) => patterns.some((pattern) => pattern.test(branch));
}
