import type { Context } from 'hono';
import { validationMessage } from '../../../kernel/validation-message.ts';
import { settingProblems } from '../../../observer/settings.ts';
import type { ObservedRepository } from '../../../record/repositories.ts';
import type { WebEnv } from '../../access/env.ts';
import { readRepository } from '../../access/readable.ts';
import { requesterOf } from '../../access/requester.ts';
import { requireMaySet, setRepository } from '../../requests/repositories.ts';
import { repositoryChange } from '../../schemas/repositories.ts';
import type { Web } from '../../services.ts';
import type { Setting } from './setting-fields.ts';
import { changesIn, type GivenValues, markOf, type SentForm, valuesOf } from './setting-values.ts';
import { answerSettings } from './settings.tsx';

/** Saves the settings that a person has changed in the form, which works without a script. */
export async function saveSettingsFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const repository = await readRepository(web.database, context.get('reader'), context.req.param('name') ?? '');
  const form = await sentForm(context);
  const values = valuesOf(form);
  const change = changesIn(values, repository);
  const { problems, settings } = checked(change);
  const isStale = form.mark?.[0] !== markOf(repository);
  if (isStale || settings === undefined) {
    context.status(isStale ? 409 : 400);
    const problem = isStale ? changedMeanwhile : 'Nothing was saved: correct what is marked below.';
    return answerSettings(context, web, repository, { values, problems, problem });
  }
  requireMaySet(requesterOf(context), repository.name, settings);
  const changed = Object.keys(change);
  if (changed.length > 0) await setRepository(web, repository.name, settings);
  return context.redirect(
    `/repos/${repository.name}/settings?${new URLSearchParams({ saved: changed.join(' ') })}`,
    303,
  );
}

const changedMeanwhile =
  'Nothing was saved: somebody has changed the settings since you opened this page. Check yours below, and save again.';

async function sentForm(context: Context<WebEnv>): Promise<SentForm> {
  const sent = await context.req.parseBody({ all: true });
  return Object.fromEntries(
    Object.entries(sent).map(([name, values]) => [name, [values].flat().filter((value) => typeof value === 'string')]),
  );
}

interface Checked {
  /** a sentence for each wrong setting */
  problems: ReadonlyMap<Setting, string>;
  /** undefined if something is wrong */
  settings: Parameters<typeof setRepository>[2] | undefined;
}

/** The same checks as those of the API: of the form of a setting, then of what it says. */
function checked(change: GivenValues): Checked {
  const problems = new Map<Setting, string>();
  const parsed = repositoryChange.safeParse(change, { error: validationMessage });
  for (const issue of parsed.error?.issues ?? []) problems.set(issue.path[0] as Setting, `This ${issue.message}.`);
  const readable = Object.fromEntries(Object.entries(change).filter(([setting]) => !problems.has(setting as Setting)));
  for (const { setting, error } of settingProblems(readable as Partial<ObservedRepository>))
    problems.set(setting, `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}. ${error.remedy}`);
  return { problems, settings: problems.size === 0 ? parsed.data : undefined };
}
