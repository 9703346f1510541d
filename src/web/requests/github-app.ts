import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { type AppManifest, appHost, appManifest, convertManifest, manifestAddress } from '../../forge/app-manifest.ts';
import { VoltError } from '../../kernel/errors.ts';
import type { Forge } from '../../kernel/model/forge-shapes.ts';
import { repositoryNamePattern } from '../../kernel/names.ts';
import { addForge, hasForge } from '../../record/forges.ts';
import { keepAppRequest, takeAppRequest } from '../../redis/app-requests.ts';
import { type Caller, countedAs } from '../access/caller.ts';
import { isElsewhere } from '../http/hosts.ts';
import type { Web } from '../services.ts';

/** Milliseconds that GitHub has for an answer, which it gives once. */
const answerTimeout = 30_000;

/** What the form of an App is sent to. */
export const beginPath = '/forges/github-app';
/** Where GitHub sends the browser when the App is made. */
export const madePath = '/forges/github-app/made';

/** What a person says of an App. */
export const askedApp = z.object({
  /** of the forge in Volt */
  name: z.string().regex(repositoryNamePattern, 'has characters that a name cannot have'),
  /** address of GitHub */
  github: z.string().min(1).max(500),
  organization: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}$|^$/, 'is no name of an organization'),
  /** of the App; GitHub takes no longer one */
  app: z.string().trim().min(1).max(34),
  writes: z.boolean(),
});
export type AskedApp = z.output<typeof askedApp>;

/** What is kept while the browser is at GitHub. */
const request = z.object({ caller: z.string(), name: z.string(), github: z.string() });

/**
 * Begins to make an App: GitHub's page gets the manifest from the browser.
 * @param origin where the person has signed in, and comes back to
 * @throws VoltError `bad_url`, `name_taken`
 */
export async function beginApp(
  { access, database, hosts }: Pick<Web, 'access' | 'database' | 'hosts'>,
  { caller, origin }: { caller: Caller; origin: string },
  { name, github, organization, app, writes }: AskedApp,
): Promise<{ address: string; manifest: AppManifest }> {
  const host = hostOf(github);
  await requireFree(database, name);
  const state = randomBytes(32).toString('hex');
  const kept: z.input<typeof request> = { caller: countedAs(caller), name, github };
  await keepAppRequest(access, state, JSON.stringify(kept));
  const site = isElsewhere(hosts.url) ? hosts.url.replace(/\/+$/, '') : undefined;
  const wanted = { name: app, site, redirect: origin + madePath, hook: `/hooks/forges/${name}`, writes };
  return { address: manifestAddress(host, organization || undefined, state), manifest: appManifest(wanted) };
}

/**
 * Adds the App that GitHub has made.
 * @param state that GitHub has given back: it proves that this person has asked for the App, and counts once
 * @throws VoltError `bad_request` for another state, `name_taken`, `forge_refused`, `forge_unreachable`, errors of the key file
 */
export async function finishApp(
  { access, database, config }: Pick<Web, 'access' | 'database' | 'config'>,
  caller: Caller,
  { code, state }: { code: string; state: string },
): Promise<Forge> {
  const text = /^[0-9a-f]{64}$/.test(state) ? await takeAppRequest(access, state) : undefined;
  const asked = text === undefined ? undefined : request.parse(JSON.parse(text));
  if (asked?.caller !== countedAs(caller) || !/^[\w-]{1,200}$/.test(code)) {
    throw new VoltError('bad_request', 'you have not asked for this App, or more than an hour ago', {
      remedy: 'Begin again on the page "Forges". If GitHub has made an App that you do not know, remove it there.',
    });
  }
  await requireFree(database, asked.name);
  const host = hostOf(asked.github);
  const { id, page, key, webhookSecret } = await convertManifest(host, code, answerTimeout).catch(async (error) => {
    // the code may still be good
    if (text !== undefined && error instanceof VoltError && error.code === 'forge_unreachable')
      await keepAppRequest(access, state, text);
    throw error;
  });
  const app = { id, page, key, ...(webhookSecret !== null && { webhookSecret }) };
  return addForge(database, config, { name: asked.name, kind: 'github', api: host.api, app, createdBy: caller.name });
}

function hostOf(address: string) {
  const host = appHost(address);
  if (host) return host;
  throw new VoltError('bad_url', 'this is not the address of a GitHub', {
    remedy: 'Give https://github.com, or the address of your GitHub Enterprise Server.',
  });
}

/** Before GitHub makes an App that Volt could not add. */
async function requireFree(database: Web['database'], name: string): Promise<void> {
  if (!(await hasForge(database, name))) return;
  throw new VoltError('name_taken', `there is a forge "${name}" already`, { remedy: 'Choose another name.' });
}
