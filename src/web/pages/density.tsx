import type { Context } from 'hono';
import type { WebEnv } from '../access/env.ts';

/** Chooses between two lines and one line for each build; see preferences.ts. */
export function Density({ context, compact }: { context: Context<WebEnv>; compact: boolean }) {
  const { pathname, search } = new URL(context.req.url);
  return (
    <form class="density" method="post" action="/preferences">
      <input type="hidden" name="next" value={pathname + search} />
      <button type="submit" name="density" value="roomy" aria-pressed={compact ? 'false' : 'true'}>
        Roomy
      </button>
      <button type="submit" name="density" value="compact" aria-pressed={compact ? 'true' : 'false'}>
        Compact
      </button>
    </form>
  );
}
