import { hint } from '../kernel/similar-words.ts';
import type { Json } from './template.ts';
import type { InputDefinition } from './workflow.ts';

export type Inputs = { [name: string]: Json };

/** What is wrong with one input. */
export interface InputProblem {
  input: string;
  message: string;
}

/**
 * Checks and converts the inputs of a `workflow_dispatch`.
 * @param given texts by name; names are case-insensitive
 * @returns the `inputs` context, or what is wrong
 */
export function dispatchInputs(
  definitions: readonly InputDefinition[],
  given: { readonly [name: string]: string },
): { inputs: Inputs } | { problems: InputProblem[] } {
  const problems = unknownInputs(definitions, Object.keys(given));
  const note = (input: string, message: string) => problems.push({ input, message });
  const inputs: Inputs = {};
  for (const definition of definitions) {
    const { name, type, required, options } = definition;
    const text = own(given, name) ?? defaultText(definition);
    if (text === undefined || text === '') {
      if (required) note(name, `the input "${name}" is required`);
      inputs[name] = emptyOf(type);
      continue;
    }
    const value = typed(type, text);
    if (value === undefined) note(name, `the input "${name}" must be a ${type}, not "${text}"`);
    else if (options && !options.includes(text)) {
      note(name, `the input "${name}" must be one of ${options.join(', ')}, not "${text}"`);
    } else inputs[name] = value;
  }
  return problems.length > 0 ? { problems } : { inputs };
}

/** All inputs as text, for the event of the `workflow_dispatch`. */
export function dispatchTexts(
  definitions: readonly InputDefinition[],
  given: { readonly [name: string]: string },
): { [name: string]: string } {
  return Object.fromEntries(
    definitions.map((definition) => {
      const { name, type } = definition;
      return [name, own(given, name) ?? defaultText(definition) ?? (type === 'boolean' ? 'false' : '')];
    }),
  );
}

export function defaultProblem({ name, type, default: standard, options }: InputDefinition): string | undefined {
  const text = textOf(standard);
  if (text === undefined || text === '') return undefined;
  const rule = `the default of the input "${name}" must be`;
  if (typed(type, text) === undefined) return `${rule} a ${type}, not "${text}"`;
  return options && !options.includes(text) ? `${rule} one of ${options.join(', ')}, not "${text}"` : undefined;
}

export function unknownInputs(definitions: readonly InputDefinition[], given: string[]): InputProblem[] {
  const known = definitions.map(({ name }) => name.toLowerCase());
  return given.flatMap((name) => {
    if (known.includes(name.toLowerCase())) return [];
    return [{ input: name, message: `the input "${name}" does not exist${hint(name, known)}` }];
  });
}

export function own<T>(values: { readonly [name: string]: T }, name: string): T | undefined {
  return Object.entries(values).find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

/** The default of a dispatch input; for a choice the first option, as in GitHub's form. */
function defaultText({ type, required, default: standard, options }: InputDefinition): string | undefined {
  return textOf(standard) ?? (type === 'choice' && !required ? options?.[0] : undefined);
}

/** The default of a dispatch input, which is never an expression. */
function textOf(template: InputDefinition['default']): string | undefined {
  return typeof template === 'string' ? template : undefined;
}

export function typed(type: InputDefinition['type'], text: string): Json | undefined {
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (type !== 'number') return text;
  const number = Number(text);
  return text.trim() === '' || !Number.isFinite(number) ? undefined : number;
}

export function emptyOf(type: InputDefinition['type']): Json {
  return type === 'boolean' ? false : type === 'number' ? 0 : '';
}
