import type { Context } from 'hono';
import type { WebEnv } from '../access/env.ts';

/** The form that the stars of a page belong to; see `Star`. */
export function StarForm({ context }: { context: Context<WebEnv> }) {
  const { pathname, search } = new URL(context.req.url);
  return (
    <form method="post" action="/preferences" id="stars">
      <input type="hidden" name="next" value={pathname + search} />
    </form>
  );
}

/** A button that makes a repository a favourite of the reader, or makes it none. The page has the `StarForm`. */
export function Star({ repo, favourites }: { repo: string; favourites: readonly string[] }) {
  const on = favourites.includes(repo);
  const title = on ? `Remove ${repo} from your favourites` : `Add ${repo} to your favourites`;
  return (
    <button
      type="submit"
      form="stars"
      class={on ? 'star on' : 'star'}
      name={on ? 'unstar' : 'star'}
      value={repo}
      title={title}
      aria-label={title}
    >
      {on ? '★' : '☆'}
    </button>
  );
}
