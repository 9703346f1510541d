import { MappingToken, SequenceToken, type TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import type { TokenRange } from '@actions/workflow-parser/templates/tokens/token-range';
import { hint } from '../kernel/similar-words.ts';
import { contextNames } from './expression.ts';
import { knownFunctions } from './functions.ts';

/** The keys of workflows, for "did you mean". */
const words = [
  ...['on', 'name', 'run-name', 'defaults', 'env', 'permissions', 'concurrency', 'jobs', 'needs', 'if', 'strategy'],
  ...['runs-on', 'timeout-minutes', 'continue-on-error', 'container', 'services', 'environment', 'outputs', 'steps'],
  ...['uses', 'with', 'secrets', 'matrix', 'fail-fast', 'max-parallel', 'include', 'exclude', 'group', 'labels'],
  ...['cancel-in-progress', 'run', 'shell', 'working-directory', 'id', 'push', 'pull_request', 'schedule', 'cron'],
  ...['workflow_dispatch', 'workflow_call', 'repository_dispatch', 'workflow_run', 'branches', 'branches-ignore'],
  ...['tags', 'tags-ignore', 'paths', 'paths-ignore', 'inputs', 'type', 'types', 'required', 'default', 'options'],
];

const booleans = new Set(['continue-on-error', 'fail-fast', 'cancel-in-progress', 'required']);
const numbers = new Set(['timeout-minutes', 'max-parallel', 'cancel-timeout-minutes']);

/** Location of an error: the keys that lead to the value, outermost first, or the mapping that has a wrong key. */
export type ErrorLocation = { keys: string[] } | { mapping: MappingToken } | undefined;

/** Finds the token that an error of the parser is about. The parser has already removed wrong keys. */
export function findErrorLocation(root: TemplateToken | undefined, range: TokenRange | undefined): ErrorLocation {
  if (!root || !range) return undefined;
  const { line, column } = range.start;
  let around: MappingToken | undefined;
  const find = (token: TemplateToken, keys: string[]): string[] | undefined => {
    if (token instanceof SequenceToken) return first([...token], (item) => find(item, keys));
    if (!(token instanceof MappingToken)) {
      const { start } = token.range ?? {};
      return start?.line === line && start.column === column ? keys : undefined;
    }
    if (holds(token.range, line, column)) around = token;
    return first([...token], ({ key, value }) => find(value, [...keys, key.toString()]));
  };
  const keys = find(root, []);
  return keys ? { keys } : around && { mapping: around };
}

function first<T, R>(items: T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function holds(range: TokenRange | undefined, line: number, column: number): boolean {
  if (!range) return false;
  const { start, end } = range;
  const after = line > start.line || (line === start.line && column >= start.column);
  return after && (line < end.line || (line === end.line && column <= end.column));
}

/** Rewrites a message of the parser so that it says what to do. */
export function explainParserMessage(message: string, location?: ErrorLocation): string {
  const unexpected = /^Unexpected value '(.*)'$/s.exec(message)?.[1];
  if (unexpected !== undefined)
    return wrongValue(unexpected, location) ?? `"${unexpected}" is not allowed here${hint(unexpected, words)}`;
  const [, kind, name] = /^Unrecognized (named-value|function): '(.*)'$/.exec(message) ?? [];
  if (name !== undefined) return message + hint(name, kind === 'function' ? knownFunctions : contextNames);
  if (/^Source contains multiple documents/.test(message)) {
    return 'the file has several YAML documents; remove all but one (they are separated by `---`)';
  }
  if (/call stack size exceeded/.test(message)) return 'it is nested too deeply';
  const choices = /^There's not enough info .* Add one of these properties: (.*)$/.exec(message)?.[1]?.split(', ');
  if (choices?.includes('run')) return 'a step needs `run` or `uses`';
  if (choices?.includes('runs-on')) return 'a job needs `runs-on` and `steps`, or `uses`';
  const missing = /^Required property is missing: (.*)$/.exec(message)?.[1];
  return missing === undefined ? message : `\`${missing}\` is missing`;
}

function wrongValue(value: string, location: ErrorLocation): string | undefined {
  if (!location) return undefined;
  if ('mapping' in location) {
    const has = (key: string) => location.mapping.find(key) !== undefined;
    const both = (value === 'run' && has('uses')) || (value === 'uses' && has('run'));
    return both ? 'a step cannot have both `run` and `uses`' : undefined;
  }
  const key = location.keys.at(-1) ?? '';
  if (value === '') return `\`${key}\` is empty`;
  if (booleans.has(key)) return `\`${key}\` must be true or false, not "${value}"`;
  if (numbers.has(key)) return `\`${key}\` must be a number, not "${value}"`;
  if (location.keys.at(-2) === 'permissions') {
    return `the permission \`${key}\` must be read, write or none, not "${value}"`;
  }
  return location.keys.includes('on') ? undefined : `\`${key}\` cannot be "${value}"`;
}
