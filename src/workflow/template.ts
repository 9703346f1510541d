import * as z from 'zod';

/** A JSON value; expressions work on these. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** A piece of a template: literal text, or an expression without `${{` and `}}`. */
const piece = z.union([z.string(), z.object({ expression: z.string().min(1) })]);

/**
 * A value of a workflow file without YAML: text, or pieces of text and expressions. A list of exactly one expression has
 * the typed value of the expression (boolean, number, object and so on); any other list is text. Literal booleans and
 * numbers are text here: `true`, `10`. Templates are stored and sent, and expression.ts evaluates them.
 */
export const template = z.union([z.string(), z.array(piece).min(1)]);
export type Template = z.infer<typeof template>;

/** Templates by name, in the order and spelling of the file. */
export const templateMap = z.record(z.string(), template);
export type TemplateMap = z.infer<typeof templateMap>;

/** Templates in the order of the file, if some names are known only after evaluation. */
const templateEntries = z.array(
  z.union([
    z.object({ name: template, value: template }),
    /** an expression that returns an object, whose entries are inserted here */
    z.object({ insert: template }),
  ]),
);

/** Templates by name, as in `env` and `with`. */
export const templates = z.union([templateMap, templateEntries]);
export type Templates = z.infer<typeof templates>;

/** Whether a key is `${{ insert }}`: the entries of its value replace it. */
export function isInsert(key: string): boolean {
  return /^\s*\$\{\{\s*insert\s*\}\}\s*$/.test(key);
}

/** A template of any JSON value, not only text: for a matrix, a container, or the `with` of a call. */
export type ValueTemplate =
  | null
  | boolean
  | number
  | { text: Template }
  | { list: ValueTemplate[] }
  /** a null key inserts the entries of its value */
  | { map: [key: Template | null, value: ValueTemplate][] };

export const valueTemplate: z.ZodType<ValueTemplate> = z.lazy(() =>
  z.union([
    z.null(),
    z.boolean(),
    z.number(),
    z.object({ text: template }),
    z.object({ list: z.array(valueTemplate) }),
    z.object({ map: z.array(z.tuple([template.nullable(), valueTemplate])) }),
  ]),
);

/** Every template of a value, including names. */
export function templatesInValue(value: ValueTemplate | undefined): Template[] {
  if (value === null || typeof value !== 'object') return [];
  if ('text' in value) return [value.text];
  if ('list' in value) return value.list.flatMap(templatesInValue);
  return value.map.flatMap(([key, each]) => [...(key === null ? [] : [key]), ...templatesInValue(each)]);
}

/** All templates, including names. */
export function templatesIn(entries: Templates | undefined): Template[] {
  if (!Array.isArray(entries)) return Object.values(entries ?? {});
  return entries.flatMap((entry) => ('insert' in entry ? [entry.insert] : [entry.name, entry.value]));
}

/** A template as in the workflow file. */
export function sourceOf(template: Template): string {
  if (typeof template === 'string') return template;
  return template.map((part) => (typeof part === 'string' ? part : `\${{ ${part.expression} }}`)).join('');
}

/**
 * Splits text at its expressions as GitHub's parser does: `}}` inside a quoted string does not end an expression. Text
 * without an expression is returned unchanged.
 * @returns undefined if an expression is not closed
 */
export function parseTemplate(text: string): Template | undefined {
  const pieces: Exclude<Template, string> = [];
  let end = 0;
  for (let start = text.indexOf('${{'); start >= 0; start = text.indexOf('${{', end)) {
    const close = endOfExpression(text, start + 3);
    if (close === undefined) return undefined;
    if (start > end) pieces.push(text.slice(end, start));
    pieces.push({ expression: text.slice(start + 3, close).trim() });
    end = close + 2;
  }
  if (pieces.length === 0) return text;
  if (end < text.length) pieces.push(text.slice(end));
  return pieces;
}

/** The position of the `}}` that closes an expression. */
function endOfExpression(text: string, from: number): number | undefined {
  let inString = false;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "'") inString = !inString;
    else if (!inString && text[at] === '}' && text[at + 1] === '}') return at;
  }
  return undefined;
}

export function expressionsIn(value: Template): string[] {
  if (typeof value === 'string') return [];
  return value.flatMap((part) => (typeof part === 'string' ? [] : [part.expression]));
}
