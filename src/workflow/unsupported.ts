import type { Json, ValueTemplate } from './template.ts';

/** Keys that decide whether an environment or a snapshot is needed. */
export const decisive: readonly string[] = ['image-name', 'name'];

/** Whether a value certainly needs something, before expressions are evaluated: text around an expression is not empty. */
export function certainlyNeeded(value: ValueTemplate): boolean {
  if (value === null || typeof value !== 'object') return isNeeded(value);
  if ('list' in value) return value.list.some(certainlyNeeded);
  if ('text' in value) return [value.text].flat().some((part) => typeof part === 'string' && isNeeded(part));
  const part = value.map.find(([key]) => typeof key === 'string' && decisive.includes(key));
  return part ? certainlyNeeded(part[1]) : value.map.some(([key, each]) => key !== null && certainlyNeeded(each));
}

/** Whether a value needs an environment or a snapshot; an empty name needs nothing. */
export function isNeeded(value: Json): boolean {
  if (value === null) return false;
  if (typeof value === 'string') return value !== '';
  if (typeof value !== 'object') return true;
  if (Array.isArray(value)) return value.some(isNeeded);
  const key = decisive.find((each) => Object.hasOwn(value, each));
  return key === undefined ? Object.values(value).some(isNeeded) : isNeeded(value[key] ?? null);
}
