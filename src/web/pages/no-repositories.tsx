import type { Context } from 'hono';
import type { WebEnv } from '../access/env.ts';
import { may } from '../access/rights.ts';
import { CommandLine } from './command.tsx';
import { Nothing } from './nothing.tsx';

/** What a list shows that has no repository to show anything of. */
export function NoRepositories({ context }: { context: Context<WebEnv> }) {
  // whether there are some that need a token is not said
  if (!context.get('signedIn')) {
    return (
      <Nothing title="No repositories">
        <p>
          Volt watches none yet, or you have to <a href="/sign-in">sign in</a> to see them.
        </p>
      </Nothing>
    );
  }
  if (!may(context, 'admin')) {
    return (
      <Nothing title="No repositories">
        <p>
          Volt watches none yet, or none that you may see. Somebody with the role “admin” can add one, or give you a
          role.
        </p>
      </Nothing>
    );
  }
  return (
    <Nothing title="No repositories yet">
      <p>
        Volt builds each new commit of the repositories that it watches. Add the first one here, or on the command line:
      </p>
      <CommandLine line="volt repo add NAME PATH-OR-URL" />
      <p class="acts">
        <a class="button primary" href="/repos/new">
          Add repository
        </a>
      </p>
    </Nothing>
  );
}
