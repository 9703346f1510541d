import type { Context } from 'hono';
import type { Child } from 'hono/jsx';
import { type ErrorCode, type VoltError, withRemedy } from '../../kernel/errors.ts';
import type { WebEnv } from '../access/env.ts';
import { signInPath } from '../access/to-sign-in.ts';
import type { Web } from '../services.ts';
import { answerPage } from './layout.tsx';
import { PageHead } from './page-head.tsx';
import { plainWords, Words } from './words.tsx';

/** What a page says about an error: what happened, and what a person can do about it on the pages. */
interface ErrorText {
  title: string;
  text: Child;
}

/** Answers with a page about an error. Its remedy is for programs where there is something better to say to a person. */
export async function errorPage(context: Context<WebEnv>, web: Web, error: VoltError): Promise<Response> {
  const { title, text } = (texts[error.code] ?? other)(error, context);
  return answerPage(context, web, {
    title,
    section: 'none',
    content: (
      <>
        <PageHead title={title} />
        {text}
        <p class="acts">
          <a class="button" href="/builds">
            All builds
          </a>
          <a class="button" href="/">
            Start
          </a>
        </p>
        <p class="faint">
          <code>{error.code}</code>
        </p>
      </>
    ),
  });
}

type TextOf = (error: VoltError, context: Context<WebEnv>) => ErrorText;

const texts: { readonly [C in ErrorCode]?: TextOf } = {
  not_found: ({ message }, context) => ({
    title: plainWords(sentence(message)),
    text: (
      <p>
        The address may be mistyped, or what it named was removed, as old builds are.
        {!context.get('signedIn') && (
          <>
            {' '}
            Some things are shown only to those who <SignIn context={context} />.
          </>
        )}
      </p>
    ),
  }),
  token_needed: (_, context) => ({
    title: 'You are not signed in',
    text: (
      <p>
        To do this, <SignIn context={context} /> first.
      </p>
    ),
  }),
  role_needed: ({ message, remedy }) => ({
    title: 'You may not do this',
    text: (
      <p>
        <Words text={withRemedy({ message: sentence(message), remedy })} />
      </p>
    ),
  }),
  rate_limited: () => ({
    title: 'Too many requests',
    text: <p>Too much was asked from your address at once. Wait a minute, then load the page again.</p>,
  }),
  internal: () => ({
    title: 'Volt could not show this page',
    text: (
      <p>This is a fault in Volt. Load the page again; if that does not help, the log of the web stage says why.</p>
    ),
  }),
};

/** What happened and its remedy, as for programs. */
const other: TextOf = ({ message, remedy }) => ({
  title: plainWords(sentence(message)),
  text: (
    <p>
      <Words text={remedy} />
    </p>
  ),
});

function SignIn({ context }: { context: Context<WebEnv> }) {
  return <a href={signInPath(context)}>sign in</a>;
}

function sentence(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1);
}
