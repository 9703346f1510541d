import type { Context } from 'hono';
import { raw } from 'hono/html';
import type { Child } from 'hono/jsx';
import { version } from '../../kernel/version.ts';
import type { WebEnv } from '../access/env.ts';
import { withEtag } from '../http/etag.ts';
import type { Web } from '../services.ts';
import { Navigation, type Section } from './navigation.tsx';

const doctype = raw('<!DOCTYPE html>');

interface Page {
  title: string;
  section: Section;
  /** whether browsers must not cache the page */
  confidential?: boolean;
  /** names of further scripts */
  scripts?: readonly string[];
  content: Child;
}

/** Scripts of every page. */
const shared = ['live', 'shell'];

/**
 * Answers with a page: the content in the frame that all pages share. A page that has not changed since the browser's last
 * request is not sent again.
 */
export async function answerPage(context: Context<WebEnv>, web: Web, page: Page): Promise<Response> {
  const { assets } = web;
  const scripts = await Promise.all([...shared, ...(page.scripts ?? [])].map((name) => assets.url(`${name}.js`)));
  const [style, theme] = await Promise.all([assets.url('style.css'), assets.url('theme.js')]);
  const answer = await context.html(<Frame context={context} page={page} files={{ scripts, style, theme }} />);
  if (answer.status === 200) return withEtag(context, answer, page.confidential === true);
  answer.headers.set('cache-control', 'no-store');
  return answer;
}

interface Shown {
  context: Context<WebEnv>;
  page: Page;
  /** addresses of scripts and styles */
  files: { scripts: string[]; style: string; theme: string };
}

function Frame({ context, page, files: { scripts, style, theme } }: Shown) {
  return (
    <>
      {doctype}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>{page.title} · Volt</title>
          <link rel="icon" href="/public/icon.svg" type="image/svg+xml" />
          <link rel="stylesheet" href={style} />
          <script src={theme}></script>
          {scripts.map((script) => (
            <script defer src={script}></script>
          ))}
        </head>
        <body data-change={context.get('change')}>
          <a class="skip button" href="#content">
            Skip to the content
          </a>
          <Navigation context={context} section={page.section} />
          <p id="offline" role="status"></p>
          <main id="content" tabindex={-1}>
            {page.content}
          </main>
          <footer>
            Volt {version} · <a href="/api">API</a>
          </footer>
        </body>
      </html>
    </>
  );
}
