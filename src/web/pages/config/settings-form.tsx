import type { SecretSource } from '../../schemas/config.ts';
import { Command } from '../command.tsx';
import { Field } from '../fields/field.tsx';
import { fieldOf } from './given-form.ts';

interface Shown {
  text: string;
  /** whether the settings are too long for the form */
  isLong: boolean;
  prune: boolean;
  /** secrets that were typed before */
  sealed: string;
  /** the secrets that the text names */
  sources: readonly SecretSource[];
  /** whether its button is the one that people look for */
  isMain: boolean;
}

/** The most secrets that have a field. */
const mostFields = 200;

/** As many rows as the text has, within bounds. */
function rowsOf(text: string): number {
  return Math.min(24, Math.max(10, text.split('\n').length + 1));
}

/** The form that shows what a text of settings would change. */
export function SettingsForm({ text, isLong, prune, sealed, sources, isMain }: Shown) {
  const fields = new Map(sources.map((source) => [fieldOf(source), source]));
  return (
    <form class="panel fields settings-text" method="post" action="/config/diff" enctype="multipart/form-data">
      <div class="field">
        <label for="settings-text">Settings, in YAML</label>
        <textarea id="settings-text" name="text" rows={rowsOf(text)} wrap="off" spellcheck={false} autocapitalize="off">
          {`\n${text}`}
        </textarea>
        {isLong && <p class="hint">They are too long to be shown here: download them, and choose the changed file.</p>}
      </div>
      <div class="field">
        <label for="settings-file">Or a file</label>
        <input id="settings-file" type="file" name="file" accept=".yml,.yaml,application/yaml" />
      </div>
      {fields.size > 0 && (
        <details>
          <summary>Secrets that the text names ({fields.size})</summary>
          <p class="hint">
            A new entry needs the value of its secret. For the others, Volt keeps the one that it has where a field is
            empty.
          </p>
          {fields.size > mostFields && (
            <p class="hint">
              Only {mostFields} of them have a field: set those of the others by{' '}
              <Command line="volt config apply FILE" />
            </p>
          )}
          {[...fields].slice(0, mostFields).map(([name, source]) => (
            <Field
              label={'env' in source ? source.env : source.file}
              name={name}
              value=""
              type="password"
              maxlength={10_000}
            />
          ))}
        </details>
      )}
      <input type="hidden" name="sealed" value={sealed} />
      <div class="field">
        <label class="check">
          <input type="checkbox" name="prune" checked={prune} />
          Remove what only Volt has, from the sections that the text has
        </label>
      </div>
      <button type="submit" class={isMain ? 'primary' : undefined}>
        Show what changes
      </button>
    </form>
  );
}
