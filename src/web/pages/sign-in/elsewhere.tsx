import type { Context } from 'hono';
import type { WebEnv } from '../../access/env.ts';
import { isElsewhere } from '../../http/hosts.ts';
import type { Web } from '../../services.ts';
import { Command } from '../command.tsx';
import { answerSignInPage } from './frame.tsx';

/** Says where to sign in. It does not reveal the private host name, since a job could request this page. */
export function answerElsewhere(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { url } = web.hosts;
  return answerSignInPage(context, web, {
    title: 'Sign in',
    heading: 'Sign in at another address',
    content: (
      <>
        {isElsewhere(url) ? (
          <>
            <p>
              Sign in at <a href={new URL('/sign-in', url).href}>{new URL('/sign-in', url).href}</a>.
            </p>
            <p class="faint">
              If you are already there, the proxy in front of Volt changes the host name. Configure it to pass the
              header <code>Host</code> unchanged.
            </p>
          </>
        ) : (
          <>
            <p>
              Browsers send the cookies of this address to every program on this machine that listens on a port, and a
              job could be one of them. So you sign in at a separate address, which only the person who runs Volt can
              see:
            </p>
            <ul>
              <li>
                <Command line="volt sign-in" /> prints it;
              </li>
              <li>
                <Command line="volt up" /> prints it at the start;
              </li>
              <li>
                the file <code>sign-in.url</code> in Volt's data directory contains it.
              </li>
            </ul>
          </>
        )}
        <p class="faint">
          Without signing in, you can read as far as <code>VOLT_READING</code> allows.
        </p>
      </>
    ),
  });
}
