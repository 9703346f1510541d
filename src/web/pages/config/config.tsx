import type { Context } from 'hono';
import type { VoltError } from '../../../kernel/errors.ts';
import type { WebEnv } from '../../access/env.ts';
import { requireRole } from '../../access/rights.ts';
import { toSignIn } from '../../access/to-sign-in.ts';
import { exportedSettings } from '../../config/exported.ts';
import { sourcesIn } from '../../config/secrets.ts';
import type { PlacedProblem } from '../../config-texts/settings-text.ts';
import type { ConfigApplied, ConfigDifference } from '../../schemas/config.ts';
import type { Web } from '../../services.ts';
import { Command } from '../command.tsx';
import { answerPage } from '../layout.tsx';
import { PageHead } from '../page-head.tsx';
import { CopyButton, Problems } from '../parts.tsx';
import { Applied } from './applied.tsx';
import { Difference } from './difference.tsx';
import type { GivenForm } from './given-form.ts';
import { PlacedProblems } from './placed-problems.tsx';
import { SettingsForm } from './settings-form.tsx';

/** What a form has led to. */
export interface ConfigPageState {
  given?: GivenForm;
  /** the settings in the text */
  config?: { readonly [section: string]: unknown };
  /** the secrets that were typed, encrypted */
  sealed?: string;
  problems?: readonly PlacedProblem[];
  refused?: VoltError;
  difference?: ConfigDifference;
  applied?: ConfigApplied;
}

/** The most characters of settings that the page shows; a browser edits no longer text well. */
const mostShown = 200_000;

/** `/config`: all settings of Volt as a text, and the forms that show what another text would change, and apply it. */
export async function configPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!context.get('signedIn')) return toSignIn(context);
  requireRole(context, 'admin', 'reading all settings');
  return answerConfig(context, web);
}

export async function answerConfig(
  context: Context<WebEnv>,
  web: Web,
  { given, config = {}, sealed = '', problems, refused, difference, applied }: ConfigPageState = {},
): Promise<Response> {
  const text = given?.text ?? (await web.configTexts.written(await exportedSettings(web)));
  const isShown = text.length <= mostShown;
  return answerPage(context, web, {
    title: 'Settings as code',
    section: 'config',
    confidential: true,
    content: (
      <>
        <PageHead
          title="Settings as code"
          about={
            <>
              All settings of Volt in one file, without secrets, as <Command line="volt config export" /> writes it.
            </>
          }
        >
          {!given && isShown && <CopyButton text={text} what="settings" />}
          <a class="button" href="/api/v1/config/file">
            Download
          </a>
        </PageHead>
        {refused && <Problems problems={[refused]} />}
        {problems && <PlacedProblems problems={problems} text={text} />}
        {applied && <Applied applied={applied} />}
        {difference && given && <Difference difference={difference} given={given} sealed={sealed} />}
        <section>
          {given && <h2>Your text</h2>}
          <SettingsForm
            text={isShown ? text : ''}
            isLong={!isShown}
            prune={given?.prune ?? false}
            sealed={sealed}
            sources={sourcesIn(config)}
            isMain={difference === undefined || difference.changes.length === 0}
          />
        </section>
      </>
    ),
  });
}
