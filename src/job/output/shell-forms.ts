/** Characters before which bash puts a backslash in `printf %q`; `#` and `~` at the beginning only. */
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
 * A value as shells write it when they print commands (`set -x`, in single quotes), variables (`export -p`, in double
 * quotes) or quoted text (`printf %q`, `$'…'` for unprintable characters), and as GitHub's runner knows it: with
 * doubled single quotes, and with escaped double quotes.
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
