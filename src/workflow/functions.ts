import { data } from '@actions/expressions';
import type { FunctionDefinition, FunctionInfo } from '@actions/expressions/funcs/info';
import type { Json } from './template.ts';
import { unwrap, wrap } from './values.ts';

/** The most characters that a template, or a call in it, may return: nested calls can double it at each level. */
const textLimit = 1_048_576;
/** The most characters that all calls of one expression may read and return; fromJSON needs some 50 times as much memory. */
const workLimit = 4 * textLimit;
/** The deepest nesting that toJSON accepts: each level indents everything inside. */
const depthLimit = 500;

/** Characters so far of the current expression; evaluation is synchronous. */
let worked = 0;

/** Resets the count; call it before an expression is evaluated. */
export function beginWork(): void {
  worked = 0;
}

/** Functions that the caller provides, see Scope. */
export const givenFunctions: readonly FunctionInfo[] = [
  { name: 'success', minArgs: 0, maxArgs: 255 },
  { name: 'failure', minArgs: 0, maxArgs: 255 },
  { name: 'always', minArgs: 0, maxArgs: 0 },
  { name: 'cancelled', minArgs: 0, maxArgs: 0 },
  { name: 'hashFiles', minArgs: 1, maxArgs: 255 },
];

/** In lower case. `case` is experimental on GitHub and not available to everyone. */
export const knownFunctions: ReadonlySet<string> = new Set([
  ...givenFunctions.map(({ name }) => name.toLowerCase()),
  ...['case', 'contains', 'endswith', 'format', 'fromjson', 'join', 'startswith', 'tojson'],
]);

/**
 * Functions that replace those of the package: they limit their results and keep every key of an object.
 */
export const ownFunctions: readonly FunctionDefinition[] = [
  own('format', 1, (format = wrap(''), ...args) => wrap(formatted(format.coerceString(), args))),
  own('join', 1, (list = wrap(''), separator) => {
    const between = separator?.primitive ? separator.coerceString() : ',';
    if (!(list instanceof data.Array)) return wrap(list.primitive ? list.coerceString() : '');
    const parts = list.values().map((item) => item.coerceString());
    countText(parts.reduce((sum, part) => sum + part.length, between.length * parts.length));
    return wrap(parts.join(between));
  }),
  own('toJSON', 1, (value = wrap(null)) => {
    const json = unwrap(value);
    checkLength(jsonLength(json, 0));
    const text = JSON.stringify(json, undefined, 2);
    countText(text.length);
    return wrap(text);
  }),
  own('fromJSON', 1, (value = wrap('')) => wrap(parsed(value.coerceString()))),
];

function own(name: string, minArgs: number, call: FunctionDefinition['call']): FunctionDefinition {
  return { name, minArgs, maxArgs: 255, call };
}

function parsed(text: string): Json {
  countText(text.length);
  if (text.trim() === '') throw new Error('the argument of fromJSON is empty');
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    // the error of JSON.parse quotes the text, which may be a secret
    const position = /at position \d+/.exec((error as Error).message)?.[0];
    throw new Error(`the argument of fromJSON is not valid JSON${position ? ` ${position}` : ''}`);
  }
}

/** `{0}` means the first argument, `{{` and `}}` mean braces. */
function formatted(format: string, args: data.ExpressionData[]): string {
  let length = 0;
  const text = format.replace(/\{\{|\}\}|\{(\d+)(?::[^{}]*)?\}|[{}]/g, (part, index) => {
    if (part === '{{' || part === '}}') return part.charAt(0);
    if (index === undefined) throw new Error('the format has an unescaped brace');
    const arg = args[Number(index)];
    if (!arg) throw new Error(`format has no argument for {${index}}`);
    const value = arg.coerceString();
    length += value.length;
    checkLength(length);
    return value;
  });
  countText(text.length);
  return text;
}

/** A lower bound of the characters of a value as JSON; it stops counting above the limit. */
function jsonLength(value: Json, depth: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 4;
  if (depth > depthLimit) throw new Error(`the argument of toJSON is nested more than ${depthLimit} levels deep`);
  let length = 2;
  for (const key in value) {
    const part = (value as { [key: string]: Json })[key] ?? null;
    // each part is on its own indented line
    length += 2 * depth + 4 + (Array.isArray(value) ? 0 : key.length) + jsonLength(part, depth + 1);
    if (length > textLimit) break;
  }
  return length;
}

/** Counts characters that a call reads or returns. */
function countText(length: number): void {
  checkLength(length);
  worked += length;
  if (worked > workLimit) throw new Error(`the expression processes more than ${workLimit} characters`);
}

/** @throws Error if a template, or a call in it, returns too much text */
export function checkLength(length: number): void {
  if (length > textLimit) throw new Error(`the expression returns more than ${textLimit} characters`);
}
