import type { Context } from 'hono';
import { raw } from 'hono/html';
import type { Child } from 'hono/jsx';
import { version } from '../../kernel/version.ts';
import type { WebEnv } from '../access/env.ts';
import { may } from '../access/permission.ts';
import { withEtag } from '../http/etag.ts';
import type { Web } from '../services.ts';

const doctype = raw('<!DOCTYPE html>');

type Section = 'builds' | 'repositories' | 'runners' | 'forges' | 'audit' | 'sign-in' | 'none';

interface Page {
  title: string;
  section: Section;
  /** whether browsers must not cache the page */
  confidential?: boolean;
  /** names of further scripts */
  scripts?: readonly string[];
  content: Child;
}

/**
 * Answers with a page: the content in the frame that all pages share. A page that has not changed since the browser's last
 * request is not sent again.
 */
export async function answerPage(context: Context<WebEnv>, web: Web, page: Page): Promise<Response> {
  const { assets } = web;
  const scripts = await Promise.all(['live', ...(page.scripts ?? [])].map((name) => assets.url(`${name}.js`)));
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
  const admin = may(context, 'admin');
  const here = new URL(context.req.url).pathname;
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
        <body>
          <header class="top">
            <a class="brand" href="/">
              Volt
            </a>
            <nav aria-label="Main">
              <NavLink to="/" current={page.section === 'builds'} label="Builds" />
              <NavLink to="/repos" current={page.section === 'repositories'} label="Repositories" />
              <NavLink to="/runners" current={page.section === 'runners'} label="Runners" />
              {admin && <NavLink to="/queues" current={false} label="Queues" />}
              {admin && <NavLink to="/forges" current={page.section === 'forges'} label="Forges" />}
              {admin && <NavLink to="/audit" current={page.section === 'audit'} label="Audit" />}
            </nav>
            <button
              id="theme"
              class="quiet"
              type="button"
              hidden
              title="Switch between light and dark"
              aria-label="Switch between light and dark"
            >
              ◐
            </button>
            {context.get('signedIn') ? (
              <form method="post" action="/sign-out">
                <button class="quiet" type="submit">
                  Sign out
                </button>
              </form>
            ) : (
              <a class="quiet" href={`/sign-in?next=${encodeURIComponent(here)}`}>
                Sign in
              </a>
            )}
          </header>
          <p id="offline" role="status"></p>
          <main>{page.content}</main>
          <footer>
            Volt {version} · <a href="/api">API</a>
          </footer>
        </body>
      </html>
    </>
  );
}

function NavLink({ to, current, label }: { to: string; current: boolean; label: string }) {
  return (
    <a href={to} aria-current={current ? 'page' : undefined}>
      {label}
    </a>
  );
}
