import type { Child } from 'hono/jsx';
import { describedBy, idOf, Notes } from '../fields/field.tsx';
import { Words } from '../words.tsx';
import type { Field, Setting } from './setting-fields.ts';

/** Empty rows for further names and values. */
const freeRows = 2;

interface Shown {
  setting: Setting;
  field: Field;
  value: unknown;
  problem: string | undefined;
}

/** A field of the form with its label, what an empty field means, and what is wrong with it. */
export function SettingControl(shown: Shown) {
  const { setting, field, problem } = shown;
  const { label, hint, control } = field;
  return (
    <div class="field">
      {control.kind === 'switch' ? (
        <Switch {...shown} />
      ) : (
        <>
          {/* rows of names and values have labels of their own */}
          {control.kind === 'pairs' ? <p class="caption">{label}</p> : <label for={idOf(setting)}>{label}</label>}
          <Control {...shown} />
        </>
      )}
      <Notes id={idOf(setting)} hint={hint && <Words text={hint} />} problem={problem} />
    </div>
  );
}

/** What a control has in common with others: its name, and what describes it. */
function common({ setting, field, problem }: Shown) {
  const id = idOf(setting);
  return {
    id,
    name: setting as string,
    ...describedBy(id, { hint: field.hint, problem }),
    spellcheck: false,
    autocomplete: 'off',
  };
}

function Control(shown: Shown): Child {
  const { setting, field, value } = shown;
  const { control } = field;
  switch (control.kind) {
    case 'line':
      return <input {...common(shown)} value={textOf(value)} />;
    case 'number':
      return (
        <input
          {...common(shown)}
          type="number"
          min={control.least}
          max={control.most}
          step="any"
          value={textOf(value)}
        />
      );
    case 'lines of text':
      return <TextLines {...common(shown)} lines={2} text={textOf(value)} />;
    case 'list':
      return <TextLines {...common(shown)} lines={2} text={listOf(value).join('\n')} />;
    case 'words':
      return <input {...common(shown)} value={listOf(value).join(', ')} />;
    case 'limit':
      return (
        <div class="limit">
          <label class="check">
            <input type="checkbox" name={`${setting}.limited`} checked={value !== null} /> {control.words}
          </label>
          <input {...common(shown)} value={listOf(value).join(', ')} />
        </div>
      );
    case 'pairs':
      return <Pairs {...shown} />;
    case 'choice':
      return (
        <select {...common(shown)}>
          {Object.entries(control.choices).map(([choice, words]) => (
            <option value={choice} selected={choice === value}>
              {words}
            </option>
          ))}
        </select>
      );
    case 'switch':
      return null;
  }
}

function Switch(shown: Shown) {
  const { setting, field, value } = shown;
  return (
    <label class="check">
      <input type="hidden" name={setting} value="" />
      <input {...common(shown)} type="checkbox" value="on" checked={value === true} /> {field.label}
    </label>
  );
}

/** Rows of a name and a value. A row whose name is made empty goes away. */
function Pairs(shown: Shown) {
  const { setting, field, value } = shown;
  const rows = [...Object.entries((value ?? {}) as { [name: string]: string }), ...Array(freeRows).fill(['', ''])];
  const { id, name: _, ...attributes } = common(shown);
  return (
    <div class="pairs">
      {rows.map(([name, text], index) => (
        <div>
          <input
            {...attributes}
            id={index === 0 ? id : undefined}
            name={`${setting}.name`}
            value={name}
            placeholder="Name"
            aria-label={`${field.label}: name ${index + 1}`}
          />
          <TextLines
            {...attributes}
            name={`${setting}.value`}
            lines={1}
            text={text}
            placeholder="Value"
            label={`${field.label}: value ${index + 1}`}
          />
        </div>
      ))}
    </div>
  );
}

type Lines = Partial<ReturnType<typeof common>> & { lines: number; text: string; placeholder?: string; label?: string };

/** @param lines the least that are shown */
function TextLines({ lines, text, label, ...attributes }: Lines) {
  const rows = Math.min(12, Math.max(lines, text.split('\n').length));
  return (
    <textarea {...attributes} rows={rows} aria-label={label}>
      {/* browsers leave out a newline at the beginning */}
      {`\n${text}`}
    </textarea>
  );
}

function textOf(value: unknown): string {
  return value === null || value === undefined || Number.isNaN(value) ? '' : String(value);
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
