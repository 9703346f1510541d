import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { type PullRequestMode, pullRequestModes } from '../../kernel/pull-request.ts';
import type { ObservedRepository } from '../../record/repositories.ts';
import type { WebEnv } from '../access/env.ts';
import { requireScope } from '../access/permission.ts';
import { setRepository } from '../requests/repositories.ts';
import type { Web } from '../services.ts';

/** Whose pull requests are built, as text. */
export const pullRequestWords: { readonly [M in PullRequestMode]: string } = {
  none: 'none',
  same: 'from its own branches',
  approved: 'from its own branches, and from forks once a person approves',
  all: 'all, forks included',
};

/** The form that sets whose pull requests of a repository are built. */
export function PullRequestForm({ repository }: { repository: ObservedRepository }) {
  const { name, pullRequests, pullRequestRebuild } = repository;
  return (
    <form method="post" action={`/repos/${name}/pull-requests`}>
      <label>
        Pull requests{' '}
        <select name="pullRequests">
          {pullRequestModes.map((mode) => (
            <option value={mode} selected={mode === pullRequests}>
              {pullRequestWords[mode]}
            </option>
          ))}
        </select>
      </label>{' '}
      <label>
        <input type="checkbox" name="rebuild" checked={pullRequestRebuild} /> again when their base branch moves
      </label>{' '}
      <button type="submit">Save</button>
    </form>
  );
}

/** Handles the form, which works without a script. */
export async function setPullRequestsFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  requireScope(context, 'admin', 'changing which pull requests of a repository are built');
  const name = context.req.param('name') ?? '';
  const { pullRequests: asked, rebuild } = await context.req.parseBody();
  const pullRequests = pullRequestModes.find((one) => one === asked);
  if (pullRequests === undefined) {
    throw new VoltError('bad_request', `pullRequests must be one of ${pullRequestModes.join(', ')}`, {
      remedy: 'Choose one of them.',
    });
  }
  await setRepository(web, name, { pullRequests, pullRequestRebuild: rebuild === 'on' });
  return context.redirect(`/repos/${name}/settings`, 303);
}
