import type { WorkflowInput } from '../../../kernel/model/startable-shapes.ts';
import { Choice } from '../fields/choice.tsx';
import { describedBy, Field, idOf, Notes } from '../fields/field.tsx';

/** What the names of the fields for a workflow's inputs begin with. */
export const inputPrefix = 'input:';

interface Shown {
  inputs: readonly WorkflowInput[];
  /** texts that the person has given, by the names of inputs */
  values: { [input: string]: string };
  problems: ReadonlyMap<string, string>;
  /** names of the repository's environments */
  environments: readonly string[];
}

/** A field for each input of a workflow, by its type. */
export function InputFields({ inputs, values, problems, environments }: Shown) {
  return (
    <>
      {inputs.map((input) => {
        const value = values[input.name] ?? input.default ?? '';
        const problem = problems.get(input.name);
        if (input.type === 'boolean') return <Checkbox {...{ input, value, problem }} />;
        const field = {
          ...{ label: input.name, name: inputPrefix + input.name, value, problem },
          ...{ hint: input.description, required: input.required },
        };
        if (input.type === 'choice') return <Choice {...field} options={optionsOf(input)} />;
        return (
          <Field
            {...field}
            {...(input.type === 'number' && { type: 'number' })}
            {...(input.type === 'environment' && { list: environments })}
          />
        );
      })}
    </>
  );
}

interface One {
  input: WorkflowInput;
  value: string;
  problem: string | undefined;
}

function Checkbox({ input: { name, description }, value, problem }: One) {
  const field = inputPrefix + name;
  const id = idOf(field);
  return (
    <div class="field">
      {/* a browser does not send a box that is not checked */}
      <input type="hidden" name={field} value="false" />
      <label class="check" for={id}>
        <input
          type="checkbox"
          {...{ id, name: field, value: 'true', checked: value === 'true' }}
          {...describedBy(id, { hint: description, problem })}
        />{' '}
        {name}
      </label>
      <Notes id={id} hint={description} problem={problem} />
    </div>
  );
}

/** As in GitHub's form: without a default the first option is chosen, unless the person has to choose. */
function optionsOf({ options, required, default: standard }: WorkflowInput): [string, string][] {
  const all = (options ?? []).map((option): [string, string] => [option, option]);
  return required && standard === null ? [['', 'Choose…'], ...all] : all;
}
