import type { TemplateMap, Templates } from '../../workflow/template.ts';
import type { Evaluation } from '../steps/evaluation.ts';

/** What a step gives to an action. */
export interface ActionInputs {
  /** values by name; those that the step does not give have their default */
  values: Record<string, string>;
  /** what the step gives and the action does not know */
  unknown: string[];
}

/**
 * @param declared defaults by name
 * @param known names of all inputs that the action declares, with or without a default
 * @param given the step's `with`; the case of names does not count
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
