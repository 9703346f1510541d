import type { Context } from 'hono';
import { counted } from '../../../kernel/counted.ts';
import type { WebEnv } from '../../access/env.ts';
import { applySettings, compareSettings, type GivenSettings } from '../../config/apply.ts';
import { sealedSecrets } from '../../config/typed-secrets.ts';
import type { Web } from '../../services.ts';
import { refusalOf } from '../fields/sent-form.ts';
import { answerConfig, type ConfigPageState } from './config.tsx';
import { type GivenForm, givenForm } from './given-form.ts';

/** Handles the form with a text of settings: shows what would change, or what is wrong and where. */
export async function compareFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  return answered(context, web, async ({ text }, settings) => {
    const difference = await compareSettings(web, settings);
    if (difference.problems.length === 0) return { difference };
    return { problems: await web.configTexts.located(text, difference.problems) };
  });
}

/** Handles the button that applies what the page has shown. */
export async function applyFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  return answered(context, web, async ({ digest }, settings) => {
    const caller = context.get('caller');
    const giver = { name: caller?.name ?? '', person: caller?.person?.id, address: context.get('source').address };
    const applied = await applySettings(web, settings, giver, digest);
    context.set('target', counted(applied.changes.length, 'change'));
    return { applied };
  });
}

/** The page with what a form has led to. What was given stays in it, unless it was applied. */
async function answered(
  context: Context<WebEnv>,
  web: Web,
  act: (given: GivenForm, settings: GivenSettings) => Promise<ConfigPageState>,
): Promise<Response> {
  const given = await givenForm(context, web.config);
  const refused = async (work: () => Promise<ConfigPageState>): Promise<ConfigPageState> => {
    try {
      return await work();
    } catch (error) {
      return { refused: refusalOf(context, error) };
    }
  };
  const state = await refused(async () => {
    const read = await web.configTexts.read(given.text);
    if ('problems' in read) return read;
    const { values, prune } = given;
    const sealed = await sealedSecrets(web, values);
    return { config: read.config, sealed, ...(await refused(() => act(given, { ...read, values, prune }))) };
  });
  if (state.problems) context.status(400);
  return answerConfig(context, web, state.applied ? { applied: state.applied } : { given, ...state });
}
