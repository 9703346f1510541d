import type { Child } from 'hono/jsx';
import { Words } from '../words.tsx';

interface Shown {
  label: string;
  /** of the form's field */
  name: string;
  value: string;
  /** what it is for */
  hint?: Child | undefined;
  /** what is wrong with the value */
  problem?: string | undefined;
  /** what the browser completes */
  list?: readonly string[] | undefined;
  /** `text` by default */
  type?: 'text' | 'number' | 'password' | 'url' | undefined;
  required?: boolean | undefined;
  placeholder?: string | undefined;
  maxlength?: number | undefined;
  /** a button beside it */
  children?: Child;
}

/** A field for one line of text, with what is wrong with it below. */
export function Field(shown: Shown) {
  const { label, name, value, hint, problem, list = [], type = 'text', required = false, children, ...rest } = shown;
  const id = idOf(name);
  return (
    <div class="field">
      <Label {...{ id, label, required }} />
      <div class="row">
        <input
          {...{ id, name, value, type, required, ...rest }}
          {...(list.length > 0 && { list: `${id}-list` })}
          {...(type === 'number' && { step: 'any' })}
          {...describedBy(id, { hint, problem })}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
        />
        {children}
      </div>
      {list.length > 0 && (
        <datalist id={`${id}-list`}>
          {list.map((one) => (
            <option value={one}></option>
          ))}
        </datalist>
      )}
      <Notes id={id} hint={hint} problem={problem} />
    </div>
  );
}

/** The id of a field's element. Names of inputs come from commits, and an id has no spaces. */
export function idOf(name: string): string {
  return `field-${name.replace(/[^A-Za-z0-9_-]/g, (character) => `-${character.codePointAt(0)?.toString(16)}-`)}`;
}

/** What a field is called, and whether it must be filled in. */
export function Label({ id, label, required = false }: { id: string; label: string; required?: boolean }) {
  return (
    <label for={id}>
      {label}
      {required && <span class="faint"> (required)</span>}
    </label>
  );
}

interface Noted {
  hint?: Child | undefined;
  problem?: string | undefined;
}

/** Attributes of a field that lead to its notes. */
export function describedBy(id: string, { hint, problem }: Noted) {
  const notes = [...(problem === undefined ? [] : [`${id}-problem`]), ...(hint ? [`${id}-hint`] : [])];
  return {
    ...(notes.length > 0 && { 'aria-describedby': notes.join(' ') }),
    // the browser goes to the first wrong field, since the form may be far down the page
    ...(problem !== undefined && { 'aria-invalid': 'true' as const, autofocus: true }),
  };
}

/** What is wrong with a field, and what it is for. */
export function Notes({ id, hint, problem }: Noted & { id: string }) {
  return (
    <>
      {problem !== undefined && (
        <p id={`${id}-problem`} class="wrong">
          <Words text={problem} />
        </p>
      )}
      {hint && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
    </>
  );
}
