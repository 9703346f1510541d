import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import type { BuildId } from '../../kernel/model.ts';
import { authorAddress } from '../../record/builds.ts';
import type { WebEnv } from '../access/env.ts';
import { readBuild } from '../access/readable.ts';
import type { Web } from '../services.ts';

/** Seconds for which a browser keeps where a picture is. */
const kept = 3600;

/** `/avatars/:build`: leads to the picture of the author of a build's commit. The address itself is shown to nobody. */
export async function authorPicture(context: Context<WebEnv>, { database, config }: Web): Promise<Response> {
  const id = (context.req.param('build') ?? '') as BuildId;
  if (!/^[1-9]\d{0,14}$/.test(id)) return context.body(null, 404);
  const { authorPictures: template } = config;
  const address = template === undefined ? '' : await addressOf({ database }, context, id);
  if (template === undefined || address === '') return context.body(null, 404);
  const hash = createHash('sha256').update(address.trim().toLowerCase()).digest('hex');
  context.header('cache-control', `private, max-age=${kept}`);
  return context.redirect(template.replace('{hash}', hash), 302);
}

/** @throws VoltError `not_found` for a build that the reader may not read */
async function addressOf({ database }: Pick<Web, 'database'>, context: Context<WebEnv>, id: BuildId): Promise<string> {
  await readBuild(database, context.get('reader'), id);
  return authorAddress(database, id);
}
