import { inserted } from './evaluate-entries.ts';
import { ExpressionFailed, evaluate, evaluateText, type Scope } from './expression.ts';
import { type Json, sourceOf, type Template, type ValueTemplate } from './template.ts';

/** Whether the template has no expression. */
export function isLiteral(template: ValueTemplate): boolean {
  if (template === null || typeof template !== 'object') return true;
  if ('text' in template) return typeof template.text === 'string';
  if ('map' in template) return template.map.every(([key, value]) => typeof key === 'string' && isLiteral(value));
  return template.list.every(isLiteral);
}

/**
 * Evaluates a value template. If an entry of a list is an expression that returns a list, the entries of that list take
 * its position.
 * @throws ExpressionFailed
 */
export function evaluateValue(template: ValueTemplate, scope: Scope): Json {
  if (template === null || typeof template !== 'object') return template;
  if ('text' in template) return evaluate(template.text, scope);
  if ('map' in template) {
    return mapOf(
      template.map.flatMap(([key, value]): Entry[] => {
        const evaluated = evaluateValue(value, scope);
        if (key === null) return inserted(textOf(value), evaluated).map((entry) => [...entry, textOf(value)]);
        return [[evaluateText(key, scope), evaluated, key]];
      }),
    );
  }
  return template.list.flatMap((item) => {
    const value = evaluateValue(item, scope);
    const spliced = item !== null && typeof item === 'object' && 'text' in item && Array.isArray(value);
    return spliced ? value : [value];
  });
}

type Entry = [key: string, value: Json, source: Template];

/** As on GitHub, keys must be unique, whatever their case. */
function mapOf(entries: Entry[]): Json {
  const keys = new Set<string>();
  for (const [key, , source] of entries) {
    if (keys.has(key.toLowerCase())) throw new ExpressionFailed(sourceOf(source), `the key "${key}" is used twice`);
    keys.add(key.toLowerCase());
  }
  return Object.fromEntries(entries.map(([key, value]) => [key, value]));
}

function textOf(value: ValueTemplate): Template {
  return typeof value === 'object' && value !== null && 'text' in value ? value.text : '';
}
