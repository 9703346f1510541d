import { evaluate, type Scope } from './expression.ts';
import { emptyOf, type Inputs, own, typed, unknownInputs } from './inputs.ts';
import type { Json } from './template.ts';
import type { InputDefinition } from './workflow.ts';

/**
 * Checks and converts the inputs that a job passes to a called workflow.
 * @param given values by name
 * @param scope for defaults, which may be expressions
 * @throws Error with a message for the author
 */
export function callInputs(definitions: readonly InputDefinition[], given: Inputs, scope: Scope): Inputs {
  const [unknown] = unknownInputs(definitions, Object.keys(given));
  if (unknown) throw new Error(unknown.message);
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

function fitted(type: InputDefinition['type'], value: Json): Json | undefined {
  if (typeof value === 'string') return typed(type, value);
  return type === 'string' ? String(value) : value;
}
