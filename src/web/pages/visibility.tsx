import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { type Visibility, visibilities } from '../../kernel/visibility.ts';
import type { ObservedRepository } from '../../record/repositories.ts';
import type { WebEnv } from '../access/env.ts';
import { requireScope } from '../access/permission.ts';
import { setRepository } from '../requests/repositories.ts';
import type { Web } from '../services.ts';

/** Who can read a repository, as text. */
export const readers: { readonly [V in Visibility]: string } = {
  internal: 'everyone who can read this Volt',
  private: 'tokens for this repository, and admins',
  public: 'everyone',
};

/** The form that sets who can read a repository. */
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
      <button type="submit">Save</button>
    </form>
  );
}

/** Handles the form, which works without a script. */
export async function setVisibilityFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  requireScope(context, 'admin', 'changing the visibility of a repository');
  const name = context.req.param('name') ?? '';
  const { visibility: asked } = await context.req.parseBody();
  const visibility = visibilities.find((one) => one === asked);
  if (visibility === undefined) {
    throw new VoltError('bad_request', `visibility must be one of ${visibilities.join(', ')}`, {
      remedy: 'Choose one of them.',
    });
  }
  await setRepository(web, name, { visibility });
  return context.redirect(`/repos/${name}/settings`, 303);
}
