import type { Context } from 'hono';
import type { Child } from 'hono/jsx';
import type { WebEnv } from '../../access/env.ts';
import type { Web } from '../../services.ts';
import { answerPage } from '../layout.tsx';

/** Answers with a page of signing in. @param title of the page in the browser @param heading on the page */
export function answerSignInPage(
  context: Context<WebEnv>,
  web: Web,
  { title, heading, content }: { title: string; heading: string; content: Child },
): Promise<Response> {
  return answerPage(context, web, {
    ...{ title, section: 'sign-in', confidential: true },
    content: (
      <div class="sign-in">
        <h1>{heading}</h1>
        {content}
      </div>
    ),
  });
}
