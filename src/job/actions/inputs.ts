import type { TemplateMap, Templates } from '../../workflow/template.ts';
import type { Evaluation } from '../steps/evaluation.ts';

/** The inputs of an action, as a step sets them. */
export interface ActionInputs {
  /** values by name, with defaults for those that the step does not set */
  values: Record<string, string>;
  /** names that the step sets and the action does not declare */
  unknown: string[];
}

/**
 * @param declared defaults, and the names of all inputs, which need not have one
 * @param given the step's `with`; the case of names does not matter
 */
export async function inputsOf(
  declared: { defaults: TemplateMap; names: readonly string[] },
  given: Templates | undefined,
  evaluation: Evaluation,
): Promise<ActionInputs> {
  const names = new Map(declared.names.map((name) => [name.toLowerCase(), name]));
  const values = await evaluation.texts(declared.defaults);
  const unknown: string[] = [];
  for (const [name, value] of Object.entries(await evaluation.texts(given))) {
    const own = names.get(name.toLowerCase());
    if (own === undefined) unknown.push(name);
    values[own ?? name] = value;
  }
  return { values, unknown };
}

/** Whether no expression makes an input of a step, as far as the step has it. */
export function isWritten(given: Templates | undefined, name: string): boolean {
  // expressions also make names
  if (Array.isArray(given)) return false;
  const value = given?.[name];
  return value === undefined || typeof value === 'string';
}
