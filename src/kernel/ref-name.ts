/**
 * Whether git allows the name of a ref, see git-check-ref-format(1), and it is not too long.
 * git would take a name that begins with "-" for an option.
 */
export function isRefName(name: string): boolean {
  if (name.length === 0 || name.length > 255 || name === '@' || name.startsWith('-')) return false;
  if (/[\s~^:?*[\\\p{Cc}]|\.\.|@\{|\/\/|\.$|\/$|^\//u.test(name)) return false;
  return name.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'));
}

/** The name of the branch or tag of a ref. */
export function shortRef(ref: string): string {
  return ref.replace(/^refs\/(heads|tags)\//, '');
}
