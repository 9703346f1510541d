import type { Json } from './template.ts';
import type { ValueTemplate } from './workflow.ts';

/** Keys that decide whether a container, a service or an environment is needed. */
export const decisive: readonly string[] = ['image', 'image-name', 'name'];

/** Whether a value certainly needs something, before expressions are evaluated: text around an expression is not empty. */
export function surelyAsksFor(value: ValueTemplate): boolean {
  if (value === null || typeof value !== 'object') return asksFor(value);
  if ('list' in value) return value.list.some(surelyAsksFor);
  if ('text' in value) return [value.text].flat().some((part) => typeof part === 'string' && asksFor(part));
  const part = value.map.find(([key]) => typeof key === 'string' && decisive.includes(key));
  return part ? surelyAsksFor(part[1]) : value.map.some(([key, each]) => key !== null && surelyAsksFor(each));
}

/** Whether a value needs a container, services or the like; an empty image or name needs nothing. */
export function asksFor(value: Json): boolean {
  if (value === null) return false;
  if (typeof value === 'string') return value.replace(/^docker:\/\//, '') !== '';
  if (typeof value !== 'object') return true;
  if (Array.isArray(value)) return value.some(asksFor);
  const key = decisive.find((each) => Object.hasOwn(value, each));
  return key === undefined ? Object.values(value).some(asksFor) : asksFor(value[key] ?? null);
}
