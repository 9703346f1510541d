import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { type Visibility, visibilities } from '../../kernel/visibility.ts';
import type { ObservedRepository } from '../../record/repositories.ts';
import type { WebEnv } from '../access/env.ts';
import { requireScope } from '../access/permission.ts';
import { setRepository } from '../requests/repositories.ts';
import type { Web } from '../services.ts';

/** Who reads a repository, in words. */
export const readers: { readonly [V in Visibility]: string } = {
  internal: 'whoever may read this Volt',
  private: 'tokens that name it, and administrators',
  public: 'everybody',
};

/** Sets who may read a repository. */
export function VisibilityForm({ repository: { name, visibility } }: { repository: ObservedRepository }) {
  return (
    <form method="post" action={`/repos/${name}/visibility`}>
      <label>
        Visibility{' '}
        <select name="visibility">
          {visibilities.map((one) => (
            <option value={one} selected={one === visibility}>
              {one}
            </option>
          ))}
        </select>
      </label>{' '}
      <button type="submit">Set</button>
    </form>
  );
}

/** What the form asks for, which works without a script. */
export async function setVisibilityFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  requireScope(context, 'admin', 'setting who may read a repository');
  const name = context.req.param('name') ?? '';
  const { visibility: asked } = await context.req.parseBody();
  const visibility = visibilities.find((one) => one === asked);
  if (visibility === undefined) {
    throw new VoltError('bad_request', `visibility is one of ${visibilities.join(', ')}`, { remedy: 'Choose one.' });
  }
  await setRepository(web, name, { visibility });
  return context.redirect(`/repos/${name}`, 303);
}
