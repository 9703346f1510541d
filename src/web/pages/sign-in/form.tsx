import type { Context } from 'hono';
import { type VoltError, withRemedy } from '../../../kernel/errors.ts';
import type { Provider } from '../../../kernel/model/provider-shapes.ts';
import { listProviders } from '../../../record/providers.ts';
import type { WebEnv } from '../../access/env.ts';
import { maySignInAt } from '../../access/sign-in-address.ts';
import { ownPath } from '../../http/own-path.ts';
import type { Web } from '../../services.ts';
import { Command } from '../command.tsx';
import { Words } from '../words.tsx';
import { answerElsewhere } from './elsewhere.tsx';
import { answerSignInPage } from './frame.tsx';

/** `/sign-in`: the providers and the form for a token, or the address that has them. */
export async function signInPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!isSignInAddress(context, web)) return answerElsewhere(context, web);
  return answerSignIn(context, web, ownPath(context.req.query('next')));
}

/** Whether browsers sign in at the address that the request was sent to. */
export function isSignInAddress(context: Context<WebEnv>, { hosts, guard: { privateHost } }: Web): boolean {
  return maySignInAt(context.get('source').origin, { hosts, privateHost });
}

/**
 * Answers with the ways in.
 * @param next safe path to open after signing in
 * @param problem why the last try failed
 */
export async function answerSignIn(
  context: Context<WebEnv>,
  web: Web,
  next: string,
  problem?: Pick<VoltError, 'code' | 'message' | 'remedy'>,
): Promise<Response> {
  const providers = await listProviders(web.database);
  return answerSignInPage(context, web, {
    title: 'Sign in',
    heading: 'Sign in',
    content: (
      <>
        {problem && (
          <p class="wrong" role="alert">
            <Words text={withRemedy(problem)} /> <code>{problem.code}</code>
          </p>
        )}
        <Providers providers={providers} next={next} />
        <TokenForm next={next} isOnlyWay={providers.length === 0} />
      </>
    ),
  });
}

function Providers({ providers, next }: { providers: Provider[]; next: string }) {
  if (providers.length === 0) return null;
  return (
    <ul class="providers">
      {providers.map(({ name, title }) => (
        <li>
          <a
            class={providers.length === 1 ? 'button primary' : 'button'}
            href={`/sign-in/with/${name}?next=${encodeURIComponent(next)}`}
          >
            Sign in with {title}
          </a>
        </li>
      ))}
    </ul>
  );
}

function TokenForm({ next, isOnlyWay }: { next: string; isOnlyWay: boolean }) {
  return (
    <form method="post" action="/sign-in">
      {!isOnlyWay && <h2>Or with an access token</h2>}
      <input type="hidden" name="next" value={next} />
      <label>
        Access token
        <input name="token" type="password" autocomplete="current-password" required autofocus={isOnlyWay} />
      </label>
      <p class="faint">
        The main token is in <code>.volt/token</code> (the file <code>token</code> of the data directory), or in{' '}
        <code>VOLT_TOKEN</code> if that is set. Create others with <Command line="volt token add NAME" />.
      </p>
      <button type="submit" class={isOnlyWay ? 'primary' : undefined}>
        Sign in
      </button>
    </form>
  );
}
