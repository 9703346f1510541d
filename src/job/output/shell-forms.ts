/** What bash puts a backslash before, in the words of `printf %q`; `#` and `~` at the beginning only. */
const special = /[\t !"$&'()*,;<>?[\\\]^`{|}]|^[#~]|(?<=[:=])~/g;
const named: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\E',
  "'": "\\'",
  '\\': '\\\\',
};

/**
 * A value as shells write it, when they show what they run (`set -x`, in single quotes), what a variable holds (`export -p`, in
 * double quotes) or what can be read again (`printf %q`, `$'…'` where something cannot be printed), and as GitHub's runner knows
 * it: doubled single quotes, and escaped double ones.
 */
export function* shellForms(value: string): Iterable<string> {
  yield value.replaceAll("'", "''");
  yield value.replaceAll('"', '\\"');
  yield value.replaceAll("'", "'\\''");
  yield value.replaceAll("'", `'"'"'`);
  yield value.replace(/["$`\\]/g, '\\$&');
  yield value.replace(special, '\\$&');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what cannot be printed
  yield value.replace(/[\0-\x1f\x7f'\\]/g, (mark) => named[mark] ?? octal(mark));
}

function octal(mark: string): string {
  return `\\${mark.charCodeAt(0).toString(8).padStart(3, '0')}`;
}
