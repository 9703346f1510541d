import type { Context } from 'hono';
import { raw } from 'hono/html';
import type { Child } from 'hono/jsx';
import { version } from '../../kernel/version.ts';
import type { WebEnv } from '../access/env.ts';
import { withEtag } from '../http/etag.ts';
import { type IconState, iconOf } from '../http/icons.ts';
import type { Web } from '../services.ts';
import { Pictures } from './avatar.tsx';
import { Navigation, type Section } from './navigation.tsx';
import { signs } from './page-state.ts';

const doctype = raw('<!DOCTYPE html>');

interface Page {
  title: string;
  /** what the browser's tab tells by the icon, and by a sign before the title */
  state?: IconState | undefined;
  section: Section;
  /** whether browsers must not cache the page */
  confidential?: boolean;
  /** names of further scripts */
  scripts?: readonly string[];
  content: Child;
}

/** Whether the palette offers the page again: one that is there, and that one can come back to. */
function isKept({ section }: Page): boolean {
  return section !== 'search' && section !== 'sign-in' && section !== 'none';
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
  const [style, theme, icon] = await Promise.all([
    assets.url('style.css'),
    assets.url('theme.js'),
    assets.url(iconOf(page.state)),
  ]);
  const { authorPictures, proxySignOut } = web.config;
  if (authorPictures !== undefined) context.set('pictures', new URL(authorPictures).origin);
  const answer = await context.html(
    <Pictures.Provider value={authorPictures !== undefined}>
      <Frame {...{ context, page, files: { scripts, style, theme, icon }, proxySignOut }} />
    </Pictures.Provider>,
  );
  if (answer.status === 200) return withEtag(context, answer, page.confidential === true);
  answer.headers.set('cache-control', 'no-store');
  return answer;
}

interface Shown {
  context: Context<WebEnv>;
  page: Page;
  /** addresses of scripts and styles */
  files: { scripts: string[]; style: string; theme: string; icon: string };
  proxySignOut: string | undefined;
}

function Frame({ context, page, files: { scripts, style, theme, icon }, proxySignOut }: Shown) {
  return (
    <>
      {doctype}
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>
            {page.state && `${signs[page.state]} `}
            {page.title} · Volt
          </title>
          <link rel="icon" href={icon} type="image/svg+xml" />
          <link rel="stylesheet" href={style} />
          <script src={theme}></script>
          {scripts.map((script) => (
            <script defer src={script}></script>
          ))}
        </head>
        <body data-change={context.get('change')} data-caller={context.get('caller')?.name ?? ''}>
          <a class="skip button" href="#content">
            Skip to the content
          </a>
          <Navigation context={context} section={page.section} proxySignOut={proxySignOut} />
          <p id="offline" role="status"></p>
          <main id="content" tabindex={-1} data-title={isKept(page) ? page.title : undefined}>
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
