import { longestTemplate, templateValues } from '../../../kernel/notice-template.ts';
import { Area } from '../fields/area.tsx';
import { Field } from '../fields/field.tsx';

/** What was typed into the form of a target, by field. */
export type OptionFields = { readonly [Name in (typeof optionFields)[number]]?: string };

export const optionFields = ['quietFrom', 'quietTo', 'digest', 'zone', 'title', 'text'] as const;

/** The form of when a target hears of builds, and of what its notices say. */
export function OptionsForm({ name, fields }: { name: string; fields: OptionFields }) {
  const values = Object.keys(templateValues).map((value) => `{${value}}`);
  return (
    <form class="panel fields" method="post" action={`/notices/${name}`}>
      <Field
        label="Quiet from"
        name="quietFrom"
        value={fields.quietFrom ?? ''}
        placeholder="22:00"
        hint="Nothing is sent between these times of day, but afterwards."
      />
      <Field label="Quiet to" name="quietTo" value={fields.quietTo ?? ''} placeholder="07:00" />
      <Field
        label="Daily digest"
        name="digest"
        value={fields.digest ?? ''}
        placeholder="09:00"
        hint="Time of day at which it is told what is still broken. Empty: never."
      />
      <Field
        label="Time zone"
        name="zone"
        value={fields.zone ?? ''}
        placeholder="Europe/Berlin"
        hint="Of these times. Empty: UTC."
      />
      <Field
        label="Title"
        name="title"
        value={fields.title ?? ''}
        placeholder="{branch} of {repository} {event}"
        maxlength={longestTemplate.title}
        hint={`Empty: Volt's own. Values: ${values.join(' ')}`}
      />
      <Area
        label="Text"
        name="text"
        value={fields.text ?? ''}
        maxlength={longestTemplate.text}
        hint="Empty: Volt's own. It has the same values; a line that has nothing to say is left out."
      />
      <button type="submit" class="primary">
        Save
      </button>
    </form>
  );
}
