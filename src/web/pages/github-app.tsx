import type { Context } from 'hono';
import type { WebEnv } from '../access/env.ts';
import { requireRole } from '../access/rights.ts';
import { askedApp, beginApp, finishApp } from '../requests/github-app.ts';
import type { Web } from '../services.ts';
import { refusalOf, requestFrom, sentFields } from './fields/sent-form.ts';
import { answerForges } from './forges.tsx';
import { type AppFields, appFields } from './github-app-form.tsx';
import { answerPage } from './layout.tsx';
import { type Crumb, PageHead } from './page-head.tsx';

const above: readonly Crumb[] = [{ title: 'Forges', href: '/forges' }];

/** Handles the form of `/forges`: a page whose button takes the manifest to GitHub, or the form again with what is wrong. */
export async function beginAppFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const caller = adminOf(context);
  const fields: AppFields = await sentFields(context, appFields);
  context.set('target', fields.name ?? '');
  try {
    const asked = requestFrom(askedApp, { ...fields, writes: fields.writes === 'yes' });
    return await answerBegun(
      context,
      web,
      await beginApp(web, { caller, origin: context.get('source').origin }, asked),
    );
  } catch (error) {
    return answerForges(context, web, { fields, refused: refusalOf(context, error) });
  }
}

function answerBegun(
  context: Context<WebEnv>,
  web: Web,
  { address, manifest }: Awaited<ReturnType<typeof beginApp>>,
): Promise<Response> {
  context.set('formTarget', new URL(address).origin);
  return answerPage(context, web, {
    title: 'Make a GitHub App',
    section: 'forges',
    confidential: true,
    content: (
      <>
        <PageHead
          title="Make a GitHub App"
          above={above}
          about="GitHub shows what the App may do, and asks you to confirm. Then you come back here."
        />
        <form method="post" action={address}>
          <input type="hidden" name="manifest" value={JSON.stringify(manifest)} />
          <button type="submit" class="primary">
            Continue at {new URL(address).host}
          </button>
        </form>
      </>
    ),
  });
}

/**
 * Where GitHub sends the browser. The browser comes from another site, so it does not send its session with it: the button of this
 * page does, and only that adds the App.
 */
export async function madeAppPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { code = '', state = '' } = context.req.query();
  return answerPage(context, web, {
    title: 'Add the GitHub App',
    section: 'none',
    confidential: true,
    content: (
      <>
        <PageHead
          title="GitHub has made the App"
          above={above}
          about="Add it to Volt only if you have just asked for it here."
        />
        <form method="post" action="/forges/github-app/add">
          <input type="hidden" name="code" value={code.slice(0, 200)} />
          <input type="hidden" name="state" value={state.slice(0, 64)} />
          <button type="submit" class="primary">
            Add it to Volt
          </button>
        </form>
      </>
    ),
  });
}

/** Handles the button of that page. */
export async function addAppFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const caller = adminOf(context);
  const { code, state } = await context.req.parseBody();
  const forge = await finishApp(web, caller, { code: String(code), state: String(state) });
  context.set('target', forge.name);
  return answerPage(context, web, {
    title: 'Install the GitHub App',
    section: 'forges',
    confidential: true,
    content: (
      <>
        <PageHead title="Volt has the App" above={above} />
        <ol>
          <li>
            <a href={`${forge.app?.page}/installations/new`}>Install it</a> for the repositories that Volt watches.
          </li>
          <li>
            <form method="post" action={`/forges/${forge.name}/check`}>
              Then let Volt check it, and begin to send: <button type="submit">Check</button>
            </form>
          </li>
        </ol>
      </>
    ),
  });
}

function adminOf(context: Context<WebEnv>) {
  requireRole(context, 'admin', 'making a GitHub App');
  const caller = context.get('caller');
  if (caller) return caller;
  throw new Error('a role without a caller');
}
