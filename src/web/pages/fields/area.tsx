import type { Child } from 'hono/jsx';
import { describedBy, idOf, Label, Notes } from './field.tsx';

interface Shown {
  label: string;
  /** of the form's field */
  name: string;
  value: string;
  /** what it is for */
  hint?: Child;
  maxlength?: number;
}

/** A field for several lines of text. */
export function Area({ label, name, value, hint, maxlength }: Shown) {
  const id = idOf(name);
  return (
    <div class="field">
      <Label {...{ id, label }} />
      <textarea
        {...{ id, name, maxlength }}
        rows={4}
        {...describedBy(id, { hint, problem: undefined })}
        spellcheck={false}
      >
        {value}
      </textarea>
      <Notes id={id} hint={hint} />
    </div>
  );
}
