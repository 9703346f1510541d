import { ExpressionFailed, evaluate, evaluateText, type Scope, toText } from './expression.ts';
import { type Json, sourceOf, type Template, type Templates } from './template.ts';

/**
 * The values of templates by name, as `env` and `with` have them. As on GitHub, no name may come twice, however it is
 * written.
 * @throws ExpressionFailed
 */
export function evaluateEntries(entries: Templates, scope: Scope): { [name: string]: string } {
  if (!Array.isArray(entries)) {
    return Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, evaluateText(value, scope)]));
  }
  const values = new Map<string, [name: string, value: string]>();
  const add = (name: string, value: string, source: Template) => {
    if (values.has(name.toLowerCase())) throw failed(source, `"${name}" is there already`);
    values.set(name.toLowerCase(), [name, value]);
  };
  for (const entry of entries) {
    if ('name' in entry) add(evaluateText(entry.name, scope), evaluateText(entry.value, scope), entry.name);
    else {
      for (const [name, value] of inserted(entry.insert, evaluate(entry.insert, scope))) {
        if (typeof value === 'object' && value !== null) throw failed(entry.insert, `its "${name}" must be text`);
        add(name, toText(value), entry.insert);
      }
    }
  }
  return Object.fromEntries(values.values());
}

/**
 * What an expression puts into a mapping.
 * @throws ExpressionFailed where that is no object
 */
export function inserted(template: Template, value: Json): [name: string, value: Json][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw failed(template, 'it must be an object');
}

function failed(template: Template, why: string): ExpressionFailed {
  return new ExpressionFailed(sourceOf(template).replace(/^\$\{\{ (.*) \}\}$/s, '$1'), why);
}
