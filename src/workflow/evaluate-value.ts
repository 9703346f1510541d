import { evaluate, type Scope } from './expression.ts';
import type { Json } from './template.ts';
import type { ValueTemplate } from './workflow.ts';

/** Whether it holds no expression, so that its value is known from the file alone. */
export function isLiteral(template: ValueTemplate): boolean {
  if (template === null || typeof template !== 'object') return true;
  if ('text' in template) return typeof template.text === 'string';
  if ('map' in template) return template.map.every(([, value]) => isLiteral(value));
  return template.list.every(isLiteral);
}

/**
 * The value of a value template. An entry of a list that is an expression and comes to a list is replaced by the entries
 * of that.
 * @throws ExpressionFailed
 */
export function evaluateValue(template: ValueTemplate, scope: Scope): Json {
  if (template === null || typeof template !== 'object') return template;
  if ('text' in template) return evaluate(template.text, scope);
  if ('map' in template) {
    return Object.fromEntries(template.map.map(([key, value]) => [key, evaluateValue(value, scope)]));
  }
  return template.list.flatMap((item) => {
    const value = evaluateValue(item, scope);
    const spliced = item !== null && typeof item === 'object' && 'text' in item && Array.isArray(value);
    return spliced ? value : [value];
  });
}
