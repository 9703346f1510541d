import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { type BuildId, parseBuildId } from '../../kernel/model.ts';
import type { Web } from '../context.ts';
import type { WebEnv } from '../env.ts';
import { noSuchPlace } from '../errors.ts';
import { cancelBuild, retryBuild } from '../requests.ts';

/** The buttons of a build's page, which work without a script. */

export function cancelFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  return act(context, (id) => cancelBuild(web, id));
}

export function retryFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  return act(context, async (id) => {
    const { failed } = await context.req.parseBody();
    await retryBuild(web, id, failed === '1');
  });
}

async function act(context: Context<WebEnv>, ask: (id: BuildId) => Promise<unknown>): Promise<Response> {
  const id = parseBuildId(context.req.param('id') ?? '');
  if (id === undefined) return noSuchPlace(context);
  try {
    await ask(id);
  } catch (error) {
    // it has moved between the look and the click: the page will say how
    if (!(error instanceof VoltError && error.code === 'conflict')) throw error;
  }
  return context.redirect(`/builds/${id}`, 303);
}
