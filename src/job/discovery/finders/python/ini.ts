/** Sections of an INI file such as tox.ini or setup.cfg: for each key its value, whose further lines are indented. */
export type Ini = Map<string, ReadonlyMap<string, string>>;

/** Reads what Python's configparser reads, as far as Volt needs it. A key is in lower case. */
export function iniOf(text: string): Ini {
  const sections = new Map<string, Map<string, string>>();
  let section = new Map<string, string>();
  let key: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    const plain = line.trim();
    if (plain === '' || plain.startsWith('#') || plain.startsWith(';')) continue;
    const header = /^\[([^\]]+)\]/.exec(line);
    if (header) {
      section = sections.get(header[1] as string) ?? new Map();
      sections.set(header[1] as string, section);
      key = undefined;
    } else if (/^\s/.test(line) && key !== undefined) {
      section.set(key, `${section.get(key)}\n${plain}`);
    } else {
      const at = line.search(/[=:]/);
      key = at < 0 ? undefined : line.slice(0, at).trim().toLowerCase();
      if (key !== undefined) section.set(key, line.slice(at + 1).trim());
    }
  }
  return sections;
}

/** The lines of a value that are not empty, without comments; a line that ends in `\` goes on in the next. */
export function linesOf(value: string | undefined): string[] {
  return (value ?? '')
    .replace(/[^\S\n]{0,100}\\\n/g, ' ')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}
