import type { Context } from 'hono';
import type { VoltError } from '../../kernel/errors.ts';
import type { WebEnv } from '../access/env.ts';
import type { Web } from '../services.ts';
import { answerPage } from './layout.tsx';
import { Words } from './parts.tsx';

export async function errorPage(
  context: Context<WebEnv>,
  web: Web,
  { code, message, remedy }: VoltError,
): Promise<Response> {
  return answerPage(context, web, {
    title: message,
    section: 'none',
    content: (
      <div class="failed">
        <h1>{message.charAt(0).toUpperCase() + message.slice(1)}</h1>
        <p>
          <Words text={remedy} />
        </p>
        <p>
          <a href="/builds">All builds</a>
        </p>
        <p class="faint">
          <code>{code}</code>
        </p>
      </div>
    ),
  });
}
