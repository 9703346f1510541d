import type { Context } from 'hono';
import { VoltError } from '../../../kernel/errors.ts';
import { addProvider, removeProvider } from '../../../record/providers.ts';
import type { WebEnv } from '../../access/env.ts';
import { checkProvider, withRedirectUri } from '../../requests/providers.ts';
import { providerRequest } from '../../schemas/providers.ts';
import type { Web } from '../../services.ts';
import { providerAddress } from '../../sign-in/provider-address.ts';
import { refusalOf, requestFrom, sentFields } from '../fields/sent-form.ts';
import { type ProviderFields, providerFields } from './form.tsx';
import { answerProviders } from './providers.tsx';

/** Handles the form of a new provider: says what to do at the provider, or shows the form again with what is wrong. */
export async function addProviderFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const fields: ProviderFields = await sentFields(context, providerFields);
  context.set('target', fields.name ?? '');
  try {
    const { url, allowHttp, ...given } = requestOf(fields);
    const createdBy = context.get('caller')?.name ?? '';
    const address = providerAddress(given.kind, url, allowHttp);
    const provider = await addProvider(web.database, web.config, { ...given, url: address, createdBy });
    const { name, redirectUri } = withRedirectUri(web, context.get('source').origin, provider);
    return answerProviders(context, web, { made: { name, redirectUri } });
  } catch (error) {
    return answerProviders(context, web, { form: { fields, refused: refusalOf(context, error) } });
  }
}

/** Handles the button that checks a provider. */
export async function checkProviderFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  try {
    const checked = await checkProvider(web, context.get('source').origin, context.req.param('name') ?? '');
    return answerProviders(context, web, { checked });
  } catch (error) {
    if (!(error instanceof VoltError)) throw error;
    context.status(error.httpStatus as 502);
    return answerProviders(context, web, { problem: error });
  }
}

/** Handles the button that removes a provider. */
export async function removeProviderFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  await removeProvider(web.database, context.req.param('name') ?? '');
  return context.redirect('/providers', 303);
}

/** The same request as of the API, with the same limits. @throws VoltError `bad_request` */
function requestOf({ name, kind, ...fields }: ProviderFields) {
  const { url, title, clientId, clientSecret, groupsClaim } = fields;
  const optional = Object.entries({ url, title, clientSecret, groupsClaim }).filter(([, value]) => value);
  const scopes = (fields.scopes ?? '').split(/\s+/).filter(Boolean);
  return requestFrom(providerRequest, { name, kind, clientId, scopes, ...Object.fromEntries(optional) });
}
