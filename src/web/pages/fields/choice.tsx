import type { Child } from 'hono/jsx';
import { describedBy, idOf, Label, Notes } from './field.tsx';

interface Shown {
  label: string;
  /** of the form's field */
  name: string;
  value: string;
  /** values and what each is called */
  options: readonly (readonly [value: string, text: string])[];
  hint?: Child | undefined;
  problem?: string | undefined;
  required?: boolean | undefined;
}

/** A field for one of several values. */
export function Choice({ label, name, value, options, hint, problem, required = false }: Shown) {
  const id = idOf(name);
  return (
    <div class="field">
      <Label {...{ id, label, required }} />
      <select {...{ id, name, required }} {...describedBy(id, { hint, problem })}>
        {options.map(([one, text]) => (
          <option value={one} selected={one === value}>
            {text}
          </option>
        ))}
      </select>
      <Notes id={id} hint={hint} problem={problem} />
    </div>
  );
}
