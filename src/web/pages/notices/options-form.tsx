import { longestTemplate, templateValues } from '../../../kernel/notice-template.ts';
import { Area } from '../fields/area.tsx';
import { Field } from '../fields/field.tsx';
import { type FormState, formFields } from '../fields/form-fields.ts';
import { Refusal } from '../fields/refusal.tsx';

/** What was typed into the form of a target, by field. */
export type OptionFields = { readonly [Name in (typeof optionFields)[number]]?: string };

export const optionFields = ['from', 'to', 'digest', 'zone', 'title', 'text'] as const;

/** The form of when a target hears of builds, and of what its notices say. */
export function OptionsForm({ name, state }: { name: string; state: FormState<keyof OptionFields> }) {
  const { field, problems } = formFields(optionFields, state);
  const values = Object.keys(templateValues).map((value) => `{${value}}`);
  return (
    <form class="panel fields" method="post" action={`/notices/${name}`}>
      <Refusal problems={problems} />
      <Field
        label="Quiet from"
        {...field('from')}
        placeholder="22:00"
        hint="Nothing is sent between these times of day, but afterwards."
      />
      <Field label="Quiet to" {...field('to')} placeholder="07:00" />
      <Field
        label="Daily digest"
        {...field('digest')}
        placeholder="09:00"
        hint="Time of day at which it is told what is still broken. Empty: never."
      />
      <Field label="Time zone" {...field('zone')} placeholder="Europe/Berlin" hint="Of these times. Empty: UTC." />
      <Field
        label="Title"
        {...field('title')}
        placeholder="{branch} of {repository} {event}"
        maxlength={longestTemplate.title}
        hint={`Empty: Volt's own. Values: ${values.join(' ')}`}
      />
      <Area
        label="Text"
        {...field('text')}
        maxlength={longestTemplate.text}
        hint="Empty: Volt's own. It has the same values; a line that has nothing to say is left out."
      />
      <button type="submit" class="primary">
        Save
      </button>
    </form>
  );
}
