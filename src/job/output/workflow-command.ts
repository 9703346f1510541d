/** A workflow command: a line of output that is an instruction to the runner. */
export interface WorkflowCommand {
  /** lower case */
  name: string;
  /** keys in lower case */
  properties: ReadonlyMap<string, string>;
  data: string;
}

/** Names of commands. A line with any other name is ordinary output, as on GitHub. */
const known = new Set([
  ...['debug', 'notice', 'warning', 'error', 'group', 'endgroup'],
  ...['add-mask', 'add-matcher', 'remove-matcher', 'echo', 'stop-commands'],
  ...['set-output', 'save-state', 'set-env', 'add-path'],
]);

/**
 * Parses a workflow command, in the form `::name key=value,key=value::data` or the older `##[name
 * key=value;key=value]data`. The rules are those of GitHub's runner, `ActionCommand.cs`.
 * @param line without its end
 * @param alsoKnown a further name: the token that ends `stop-commands`
 * @returns undefined if the line is ordinary output
 */
export function parseCommand(line: string, alsoKnown?: string): WorkflowCommand | undefined {
  const text = line.trimStart();
  const isKnown = (name: string) => known.has(name.toLowerCase()) || name === alsoKnown;
  if (text.startsWith('::')) return parseColons(text, isKnown);
  if (text.startsWith('##[')) return parseBrackets(text, isKnown);
  return undefined;
}

function parseColons(text: string, isKnown: (name: string) => boolean): WorkflowCommand | undefined {
  const end = text.indexOf('::', 2);
  if (end < 0) return undefined;
  const head = text.slice(2, end);
  const data = unescapeText(text.slice(end + 2), [
    ['%0D', '\r'],
    ['%0A', '\n'],
  ]);
  const read = (value: string) =>
    unescapeText(value, [
      ['%0D', '\r'],
      ['%0A', '\n'],
      ['%3A', ':'],
      ['%2C', ','],
    ]);
  return assemble(head, ',', read, data, isKnown);
}

function parseBrackets(text: string, isKnown: (name: string) => boolean): WorkflowCommand | undefined {
  const end = text.indexOf(']', 3);
  if (end < 0) return undefined;
  const read = (value: string) =>
    unescapeText(value, [
      ['%3B', ';'],
      ['%0D', '\r'],
      ['%0A', '\n'],
      ['%5D', ']'],
    ]);
  return assemble(text.slice(3, end), ';', read, read(text.slice(end + 1)), isKnown);
}

function assemble(
  head: string,
  separator: string,
  read: (value: string) => string,
  data: string,
  isKnown: (name: string) => boolean,
): WorkflowCommand | undefined {
  const space = head.indexOf(' ');
  const name = space < 0 ? head : head.slice(0, space);
  if (!isKnown(name)) return undefined;
  const properties = new Map<string, string>();
  for (const part of space < 0
    ? []
    : head
        .slice(space + 1)
        .trim()
        .split(separator)) {
    const equals = part.indexOf('=');
    if (equals > 0) properties.set(part.slice(0, equals).trim().toLowerCase(), read(part.slice(equals + 1)));
  }
  return { name: known.has(name.toLowerCase()) ? name.toLowerCase() : name, properties, data };
}

/** `%25` comes last, so that an escaped percent sign does not create another escape. */
function unescapeText(text: string, pairs: readonly (readonly [string, string])[]): string {
  if (!text.includes('%')) return text;
  return pairs.reduce((result, [code, value]) => result.replaceAll(code, value), text).replaceAll('%25', '%');
}
