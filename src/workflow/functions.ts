import { data } from '@actions/expressions';
import type { FunctionDefinition, FunctionInfo } from '@actions/expressions/funcs/info';
import type { Json } from './template.ts';
import { unwrap, wrap } from './values.ts';

/** Text that an expression may come to, in characters: nested calls can double it at each level. */
const textLimit = 1_048_576;

/** Functions that the caller gives, see Scope; the rest is always there. */
export const givenFunctions: readonly FunctionInfo[] = [
  { name: 'success', minArgs: 0, maxArgs: 255 },
  { name: 'failure', minArgs: 0, maxArgs: 255 },
  { name: 'always', minArgs: 0, maxArgs: 0 },
  { name: 'cancelled', minArgs: 0, maxArgs: 0 },
  { name: 'hashFiles', minArgs: 1, maxArgs: 255 },
];

/** In lower case. `case` is experimental and not on GitHub for everybody. */
export const knownFunctions: ReadonlySet<string> = new Set([
  ...givenFunctions.map(({ name }) => name.toLowerCase()),
  ...['case', 'contains', 'endswith', 'format', 'fromjson', 'join', 'startswith', 'tojson'],
]);

/**
 * Functions that take the place of the package's: they bound what they make, and keep every key of an object.
 */
export const ownFunctions: readonly FunctionDefinition[] = [
  own('format', 1, (format = wrap(''), ...args) => wrap(formatted(format.coerceString(), args))),
  own('join', 1, (list = wrap(''), separator) => {
    const between = separator?.primitive ? separator.coerceString() : ',';
    if (!(list instanceof data.Array)) return wrap(list.primitive ? list.coerceString() : '');
    const parts = list.values().map((item) => item.coerceString());
    checkLength(parts.reduce((sum, part) => sum + part.length, between.length * parts.length));
    return wrap(parts.join(between));
  }),
  own('toJSON', 1, (value = wrap(null)) => {
    const text = JSON.stringify(unwrap(value), undefined, 2);
    checkLength(text.length);
    return wrap(text);
  }),
  own('fromJSON', 1, (value = wrap('')) => wrap(parsed(value.coerceString()))),
];

function own(name: string, minArgs: number, call: FunctionDefinition['call']): FunctionDefinition {
  return { name, minArgs, maxArgs: 255, call };
}

function parsed(text: string): Json {
  if (text.trim() === '') throw new Error('fromJSON was given nothing');
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new Error(`fromJSON was given what is not JSON: ${(error as Error).message}`);
  }
}

/** `{0}` stands for the first argument, `{{` and `}}` for braces. */
function formatted(format: string, args: data.ExpressionData[]): string {
  let length = 0;
  const text = format.replace(/\{\{|\}\}|\{(\d+)(?::[^{}]*)?\}|[{}]/g, (part, index) => {
    if (part === '{{' || part === '}}') return part.charAt(0);
    if (index === undefined) throw new Error(`format was given a brace that stands alone: ${excerpt(format)}`);
    const arg = args[Number(index)];
    if (!arg) throw new Error(`format refers to an argument {${index}} that there is not: ${excerpt(format)}`);
    const value = arg.coerceString();
    length += value.length;
    checkLength(length);
    return value;
  });
  checkLength(text.length);
  return text;
}

function excerpt(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function checkLength(length: number): void {
  if (length > textLimit) throw new Error(`the expression comes to more than ${textLimit} characters`);
}
