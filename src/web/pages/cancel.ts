import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { parseBuildId } from '../../kernel/model.ts';
import type { Web } from '../context.ts';
import type { WebEnv } from '../env.ts';
import { noSuchPlace } from '../errors.ts';
import { cancelBuild } from '../requests.ts';

/** The cancel button of a build's page, which works without a script. */
export async function cancelFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const id = parseBuildId(context.req.param('id') ?? '');
  if (id === undefined) return noSuchPlace(context);
  try {
    await cancelBuild(web, id);
  } catch (error) {
    // it has ended between the look and the click: the page will say how
    if (!(error instanceof VoltError && error.code === 'conflict')) throw error;
  }
  return context.redirect(`/builds/${id}`, 303);
}
