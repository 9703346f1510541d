import type { Child } from 'hono/jsx';
import { describedBy, idOf, Label, Notes } from './field.tsx';

interface Shown {
  label: string;
  /** of the form's field */
  name: string;
  value: string;
  /** what it is for */
  hint?: Child;
  problem?: string | undefined;
  maxlength?: number;
}

/** A field for several lines of text. */
export function Area({ label, name, value, hint, problem, maxlength }: Shown) {
  const id = idOf(name);
  return (
    <div class="field">
      <Label {...{ id, label }} />
      <textarea {...{ id, name, maxlength }} rows={4} {...describedBy(id, { hint, problem })} spellcheck={false}>
        {value}
      </textarea>
      <Notes id={id} hint={hint} problem={problem} />
    </div>
  );
}
