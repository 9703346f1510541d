import { ExpressionFailed, evaluate, evaluateText, type Scope, toText } from './expression.ts';
import { type Json, sourceOf, type Template, type Templates } from './template.ts';
import { isObject } from './values.ts';

/**
 * Evaluates templates by name, as in `env` and `with`. As on GitHub, names must be unique, whatever their case.
 * @throws ExpressionFailed
 */
export function evaluateEntries(entries: Templates, scope: Scope): { [name: string]: string } {
  if (!Array.isArray(entries)) {
    return Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, evaluateText(value, scope)]));
  }
  const values = new Map<string, [name: string, value: string]>();
  const add = (name: string, value: string, source: Template) => {
    if (values.has(name.toLowerCase())) throw failed(source, `the key "${name}" is used twice`);
    values.set(name.toLowerCase(), [name, value]);
  };
  for (const entry of entries) {
    if ('name' in entry) add(evaluateText(entry.name, scope), evaluateText(entry.value, scope), entry.name);
    else {
      for (const [name, value] of inserted(entry.insert, evaluate(entry.insert, scope))) {
        if (typeof value === 'object' && value !== null)
          throw failed(entry.insert, `the value of "${name}" must be a string`);
        add(name, toText(value), entry.insert);
      }
    }
  }
  return Object.fromEntries(values.values());
}

/**
 * The entries that an expression inserts into a mapping.
 * @throws ExpressionFailed if it is not an object
 */
export function inserted(template: Template, value: Json): [name: string, value: Json][] {
  if (isObject(value)) return Object.entries(value);
  throw failed(template, 'it must be an object');
}

function failed(template: Template, why: string): ExpressionFailed {
  return new ExpressionFailed(sourceOf(template).replace(/^\$\{\{ (.*) \}\}$/s, '$1'), why);
}
