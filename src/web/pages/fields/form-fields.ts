import { type ErrorCode, type VoltError, withRemedy } from '../../../kernel/errors.ts';
import { WrongField } from './sent-form.ts';

/** What a form shows again after it was refused. */
export interface FormState<Name extends string> {
  /** what was typed, by field */
  fields?: { readonly [N in Name]?: string };
  /** why it was refused */
  refused?: VoltError | undefined;
}

export interface FormFields<Name extends string> {
  /** The value of a field, and what is wrong with it. */
  field: (name: Name) => { name: Name; value: string; problem: string | undefined };
  /** whether this field is the wrong one */
  isWrong: (name: Name) => boolean;
  /** what is wrong with the form as a whole */
  problems: VoltError[];
}

/**
 * Puts what is wrong with a form beside the field that it is about.
 * @param names of the form's fields
 * @param about the field of an error that names none, by its code
 * @param usual values of the fields before a person has typed
 */
export function formFields<Name extends string>(
  names: readonly Name[],
  { fields = {}, refused }: FormState<Name>,
  about: { readonly [Code in ErrorCode]?: Name } = {},
  usual: { readonly [N in Name]?: string } = {},
): FormFields<Name> {
  const wrong = refused && (names.find((name) => name === refused.field) ?? about[refused.code]);
  const isWrong = (name: Name) => name === wrong;
  return {
    field: (name) => ({
      name,
      value: fields[name] ?? usual[name] ?? '',
      problem: refused && isWrong(name) ? textBeside(refused) : undefined,
    }),
    isWrong,
    problems: refused && wrong === undefined ? [refused] : [],
  };
}

function textBeside(refused: VoltError): string {
  return refused instanceof WrongField ? refused.beside : withRemedy(refused);
}
