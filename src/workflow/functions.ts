import { data } from '@actions/expressions';
import type { FunctionDefinition, FunctionInfo } from '@actions/expressions/funcs/info';
import type { Json } from './template.ts';
import { unwrap, wrap } from './values.ts';

/** Text that a template, or a call in it, may come to, in characters: nested calls can double it at each level. */
const textLimit = 1_048_576;
/** Text that all calls of one expression may take and make together: what fromJSON makes of it is some 50 times as much. */
const workLimit = 4 * textLimit;
/** How deeply lists and objects may be nested in each other where they become text: each level indents all that is inside. */
const depthLimit = 500;

/** Of the expression that is being evaluated; evaluation is synchronous. */
let worked = 0;

/** To be called before an expression is evaluated. */
export function beginWork(): void {
  worked = 0;
}

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
  if (text.trim() === '') throw new Error('fromJSON was given nothing');
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    // the message itself repeats what it may: a secret, or a part of one
    const place = /at position \d+/.exec((error as Error).message)?.[0];
    throw new Error(`fromJSON was given what is not JSON${place ? `: see it ${place}` : ''}`);
  }
}

/** `{0}` stands for the first argument, `{{` and `}}` for braces. */
function formatted(format: string, args: data.ExpressionData[]): string {
  let length = 0;
  const text = format.replace(/\{\{|\}\}|\{(\d+)(?::[^{}]*)?\}|[{}]/g, (part, index) => {
    if (part === '{{' || part === '}}') return part.charAt(0);
    if (index === undefined) throw new Error(`format was given a brace that stands alone`);
    const arg = args[Number(index)];
    if (!arg) throw new Error(`format refers to an argument {${index}} that there is not`);
    const value = arg.coerceString();
    length += value.length;
    checkLength(length);
    return value;
  });
  countText(text.length);
  return text;
}

/** At least the characters that a value has as text, or more than may be. */
function jsonLength(value: Json, depth: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 4;
  if (depth > depthLimit) throw new Error(`toJSON was given what is nested more than ${depthLimit} levels deep`);
  let length = 2;
  for (const key in value) {
    const part = (value as { [key: string]: Json })[key] ?? null;
    // a line of its own, after the blanks that indent it
    length += 2 * depth + 4 + (Array.isArray(value) ? 0 : key.length) + jsonLength(part, depth + 1);
    if (length > textLimit) break;
  }
  return length;
}

/** Counts text that a call takes or makes. */
function countText(length: number): void {
  checkLength(length);
  worked += length;
  if (worked > workLimit) throw new Error(`the expression works on more than ${workLimit} characters`);
}

/** @throws Error where a template, or a call in it, comes to so much text */
export function checkLength(length: number): void {
  if (length > textLimit) throw new Error(`the expression comes to more than ${textLimit} characters`);
}
