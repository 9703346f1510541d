import type { Context } from 'hono';
import type { WebEnv } from '../../access/env.ts';
import { setDeployKey, setPassword } from '../../requests/credentials.ts';
import { awaitPoll, checkRepository } from '../../requests/repositories.ts';
import { httpsCredentialRequest } from '../../schemas/credentials.ts';
import type { Web } from '../../services.ts';
import { requestFrom } from '../fields/sent-form.ts';

/** The buttons of the page about a repository that was added. */

/** Milliseconds to wait until Volt knows whether it can fetch the repository. */
const patience = 4000;

export async function setPasswordFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const name = admin(context);
  const { user, password } = await context.req.parseBody();
  const credential = requestFrom(httpsCredentialRequest, { user, password });
  await setPassword(web, name, credential);
  return check(context, web, name);
}

export async function setDeployKeyFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const name = admin(context);
  await setDeployKey(web, name);
  // the server does not know the key yet
  return context.redirect(`/repos/${name}/added`, 303);
}

export async function checkFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  return check(context, web, admin(context));
}

async function check(context: Context<WebEnv>, web: Web, name: string): Promise<Response> {
  const { observedAt } = await checkRepository(web, name);
  await awaitPoll(web, name, patience, observedAt);
  return context.redirect(`/repos/${name}/added`, 303);
}

/** @returns the name of the repository */
function admin(context: Context<WebEnv>): string {
  return context.req.param('name') ?? '';
}
