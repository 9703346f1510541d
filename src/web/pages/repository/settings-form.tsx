import type { ObservedRepository } from '../../../record/repositories.ts';
import { settingsOfAdmins } from '../../requests/repositories.ts';
import { CopyButton } from '../parts.tsx';
import { Words } from '../words.tsx';
import { setCommand } from './setting-command.ts';
import { SettingControl } from './setting-control.tsx';
import { type Setting, settingFields, settingGroups } from './setting-fields.ts';
import { type GivenValues, markOf } from './setting-values.ts';

/** What was wrong with a form that was sent, and what it had. */
export interface Refused {
  values: GivenValues;
  /** a sentence for each wrong field */
  problems: ReadonlyMap<Setting, string>;
  /** what is wrong with the form as a whole */
  problem: string;
}

interface Shown {
  repository: ObservedRepository;
  refused: Refused | undefined;
  isAdmin: boolean;
}

/** The settings of a repository as one form. */
export function SettingsForm({ repository, refused, isAdmin }: Shown) {
  const values: GivenValues = { ...repository, ...refused?.values };
  return (
    <form class="repository-settings" method="post" action={`/repos/${repository.name}/settings`}>
      {refused && (
        <p class="wrong" role="alert">
          <Words text={refused.problem} />
        </p>
      )}
      <input type="hidden" name="mark" value={markOf(repository)} />
      {settingGroups.map(({ title, settings }) => (
        <fieldset>
          <legend>
            <h2>{title}</h2>
          </legend>
          <div>
            {settings.map((setting) =>
              !isAdmin && settingsOfAdmins.includes(setting) ? (
                <Fixed setting={setting} value={repository[setting]} />
              ) : (
                <SettingControl
                  setting={setting}
                  field={settingFields[setting]}
                  value={values[setting]}
                  problem={refused?.problems.get(setting)}
                />
              ),
            )}
          </div>
        </fieldset>
      ))}
      <div class="acts">
        <button type="submit" class="primary">
          Save settings
        </button>
      </div>
    </form>
  );
}

/** A setting that the reader may not change. */
function Fixed({ setting, value }: { setting: Setting; value: unknown }) {
  return (
    <div class="field">
      <p class="caption">{settingFields[setting].label}</p>
      <p>{value === null ? 'none' : <code>{String(value)}</code>}</p>
      <p class="hint">Only administrators change it.</p>
    </div>
  );
}

/** What has been saved, with the command that does the same. */
export function Saved({ repository, settings }: { repository: ObservedRepository; settings: readonly Setting[] }) {
  if (settings.length === 0) return <p role="status">Nothing was changed.</p>;
  const command = setCommand(repository.name, repository, settings);
  return (
    <p role="status" class="snippet">
      Saved. This command does the same: <code>{command}</code> <CopyButton text={command} what="command" />
    </p>
  );
}
