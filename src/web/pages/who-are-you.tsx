import type { Context } from 'hono';
import type { WebEnv } from '../access/env.ts';
import { idOf, Notes } from './fields/field.tsx';

interface Asked {
  context: Context<WebEnv>;
  /** name of the reader; empty if unknown */
  me: string;
}

/** Asks for the name by which the reader's commits are found; see preferences.ts. */
export function WhoAreYou({ context, me }: Asked) {
  const { pathname, search } = new URL(context.req.url);
  const id = idOf('me');
  return (
    <form class="panel" method="post" action="/preferences">
      <h2>Which builds are yours?</h2>
      <input type="hidden" name="next" value={pathname + search} />
      <div class="field">
        <label for={id}>Your name, as your commits have it</label>
        <div class="row">
          <input id={id} name="me" value={me} required maxlength={200} autocomplete="name" list="authors" />
          <button type="submit">Show my builds</button>
        </div>
        <Notes id={id} hint="This browser keeps it in a cookie. Only this list uses it." />
      </div>
    </form>
  );
}

/**
 * Whose builds the list shows, with the form to say another name.
 * @param isKnown whether a person has signed in, whose mail addresses tell
 */
export function Mine({ context, me, isKnown }: Asked & { isKnown: boolean }) {
  return (
    <details class="mine" id="mine">
      <summary>
        Commits {isKnown && 'with your mail addresses'} {isKnown && me !== '' && 'and those'}{' '}
        {me !== '' && (
          <>
            by <strong>{me}</strong>
          </>
        )}{' '}
        <span class="faint">{isKnown ? 'Other names?' : 'Not you?'}</span>
      </summary>
      <WhoAreYou context={context} me={me} />
    </details>
  );
}
