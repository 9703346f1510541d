import { hint } from '../kernel/similar-words.ts';
import { evaluate, type Scope } from './expression.ts';
import type { Json } from './template.ts';
import type { InputDefinition } from './workflow.ts';

type Inputs = { [name: string]: Json };

/**
 * Checks and converts the inputs of a `workflow_dispatch`.
 * @param given texts by name; names are case-insensitive
 * @returns the `inputs` context, or error messages
 */
export function dispatchInputs(
  definitions: readonly InputDefinition[],
  given: { readonly [name: string]: string },
): { inputs: Inputs } | { problems: string[] } {
  const problems = unknownInputs(definitions, Object.keys(given));
  const inputs: Inputs = {};
  for (const definition of definitions) {
    const { name, type, required, options } = definition;
    const text = own(given, name) ?? defaultText(definition);
    if (text === undefined || text === '') {
      if (required) problems.push(`the input "${name}" is required`);
      inputs[name] = emptyOf(type);
      continue;
    }
    const value = typed(type, text);
    if (value === undefined) problems.push(`the input "${name}" must be a ${type}, not "${text}"`);
    else if (options && !options.includes(text)) {
      problems.push(`the input "${name}" must be one of ${options.join(', ')}, not "${text}"`);
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

/**
 * Checks and converts the inputs that a job passes to a called workflow.
 * @param given values by name
 * @param scope for defaults, which may be expressions
 * @throws Error with a message for the author
 */
export function callInputs(definitions: readonly InputDefinition[], given: Inputs, scope: Scope): Inputs {
  const [unknown] = unknownInputs(definitions, Object.keys(given));
  if (unknown !== undefined) throw new Error(unknown);
  return Object.fromEntries(
    definitions.map((definition) => {
      const { name, type, required } = definition;
      const value = own(given, name) ?? (definition.default === undefined ? null : evaluate(definition.default, scope));
      if (value === null) {
        if (required) throw new Error(`the input "${name}" is required`);
        return [name, emptyOf(type)];
      }
      const problem = inputProblem(definition, value);
      if (problem !== undefined) throw new Error(problem);
      return [name, fitted(type, value) ?? null];
    }),
  );
}

/** The problem of a value that a job passes to an input. */
export function inputProblem({ name, type }: InputDefinition, value: Json): string | undefined {
  if (value === null || typeof fitted(type, value) === type) return undefined;
  return `the input "${name}" must be a ${type}, not ${JSON.stringify(value)}`;
}

export function defaultProblem({ name, type, default: standard, options }: InputDefinition): string | undefined {
  const text = textOf(standard);
  if (text === undefined || text === '') return undefined;
  const rule = `the default of the input "${name}" must be`;
  if (typed(type, text) === undefined) return `${rule} a ${type}, not "${text}"`;
  return options && !options.includes(text) ? `${rule} one of ${options.join(', ')}, not "${text}"` : undefined;
}

function fitted(type: InputDefinition['type'], value: Json): Json | undefined {
  if (typeof value === 'string') return typed(type, value);
  return type === 'string' ? String(value) : value;
}

function unknownInputs(definitions: readonly InputDefinition[], given: string[]): string[] {
  const known = definitions.map(({ name }) => name.toLowerCase());
  return given.flatMap((name) => {
    if (known.includes(name.toLowerCase())) return [];
    return [`the input "${name}" does not exist${hint(name, known)}`];
  });
}

function own<T>(values: { readonly [name: string]: T }, name: string): T | undefined {
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

function typed(type: InputDefinition['type'], text: string): Json | undefined {
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (type !== 'number') return text;
  const number = Number(text);
  return text.trim() === '' || !Number.isFinite(number) ? undefined : number;
}

function emptyOf(type: InputDefinition['type']): Json {
  return type === 'boolean' ? false : type === 'number' ? 0 : '';
}
