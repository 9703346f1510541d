import { z } from 'zod';

/** What JSON can hold: the values that expressions work on. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A piece of a template: text as it stands, or an expression without its `${{` and `}}`. */
const piece = z.union([z.string(), z.object({ expression: z.string().min(1) })]);

/**
 * A value of a workflow file, freed of YAML: text, or pieces of text with expressions in between. A list that holds one
 * expression and nothing else stands for the expression's typed value (boolean, number, object and so on), any other
 * list for text. Booleans and numbers that the file has in such a place are text here: `true`, `10`.
 * It is what is stored and sent, and is evaluated by expression.ts.
 */
export const template = z.union([z.string(), z.array(piece).min(1)]);
export type Template = z.infer<typeof template>;

/** Templates by name, in the order of the file; names are as the file has them. */
export const templateMap = z.record(z.string(), template);
export type TemplateMap = z.infer<typeof templateMap>;

/** Templates in the order of the file, where not all names are known before they are evaluated. */
const templateEntries = z.array(
  z.union([
    z.object({ name: template, value: template }),
    /** an expression for an object, whose entries stand here */
    z.object({ insert: template }),
  ]),
);

/** Templates by name, as `env` and `with` have them. */
export const templates = z.union([templateMap, templateEntries]);
export type Templates = z.infer<typeof templates>;

/** Whether a key says that the entries of its value stand in its place. */
export function isInsert(key: string): boolean {
  return /^\s*\$\{\{\s*insert\s*\}\}\s*$/.test(key);
}

/** Every template of them, names as well. */
export function templatesIn(entries: Templates | undefined): Template[] {
  if (!Array.isArray(entries)) return Object.values(entries ?? {});
  return entries.flatMap((entry) => ('insert' in entry ? [entry.insert] : [entry.name, entry.value]));
}

/** A template as a workflow has it. */
export function sourceOf(template: Template): string {
  if (typeof template === 'string') return template;
  return template.map((part) => (typeof part === 'string' ? part : `\${{ ${part.expression} }}`)).join('');
}

/**
 * Splits text at its expressions as GitHub's parser does: a quote inside of an expression begins or ends a string, in
 * which `}}` does not close it. Text without an expression is given back as it is.
 * @returns undefined where an expression is not closed
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

/** Where the `}}` that closes an expression begins. */
function endOfExpression(text: string, from: number): number | undefined {
  let inString = false;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "'") inString = !inString;
    else if (!inString && text[at] === '}' && text[at + 1] === '}') return at;
  }
  return undefined;
}

/** Every expression of a template. */
export function expressionsIn(value: Template): string[] {
  if (typeof value === 'string') return [];
  return value.flatMap((part) => (typeof part === 'string' ? [] : [part.expression]));
}
