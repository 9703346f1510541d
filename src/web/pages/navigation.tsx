import type { Context } from 'hono';
import type { WebEnv } from '../access/env.ts';
import { may } from '../access/rights.ts';
import { signInPath } from '../access/to-sign-in.ts';

/** A page of the navigation, or what else a page belongs to. */
export type Section = keyof typeof places | keyof typeof more | 'search' | 'sign-in' | 'none';

const places = {
  start: { title: 'Start', href: '/' },
  builds: { title: 'Builds', href: '/builds' },
  repositories: { title: 'Repositories', href: '/repos' },
  runners: { title: 'Runners', href: '/runners' },
} as const;

/** What is rarely needed. */
const more = {
  add: { title: 'Add repository', href: '/repos/new', admin: true },
  forges: { title: 'Forges', href: '/forges', admin: true },
  notices: { title: 'Notices', href: '/notices', admin: true },
  providers: { title: 'Sign-in providers', href: '/providers', admin: true },
  access: { title: 'Access', href: '/access', admin: true },
  people: { title: 'People', href: '/people', admin: true },
  audit: { title: 'Audit log', href: '/audit', admin: true },
  api: { title: 'API', href: '/api', admin: false },
  shortcuts: { title: 'Keyboard shortcuts', href: '/shortcuts', admin: false },
} as const;

/** The bar at the top of every page. */
export function Navigation({ context, section }: { context: Context<WebEnv>; section: Section }) {
  const admin = may(context, 'admin');
  return (
    <header class="top">
      <a class="brand" href="/">
        Volt
      </a>
      <nav aria-label="Main">
        {Object.entries(places).map(([name, { title, href }]) => (
          <a href={href} aria-current={name === section ? 'page' : undefined}>
            {title}
          </a>
        ))}
      </nav>
      <div class="tools">
        <a id="find" class="find" href="/search" data-may-build={may(context, 'run') ? '' : undefined}>
          <Magnifier />
          <span>Search</span> <kbd hidden>/</kbd>
        </a>
        <details class="menu" id="more">
          <summary>More</summary>
          <div>
            {Object.entries(more)
              .filter(([, one]) => admin || !one.admin)
              .map(([name, { title, href }]) => (
                <a href={href} aria-current={name === section ? 'page' : undefined}>
                  {title}
                </a>
              ))}
          </div>
        </details>
        <button
          id="theme"
          class="quiet"
          type="button"
          data-act="Switch between light and dark"
          hidden
          title="Switch between light and dark"
          aria-label="Switch between light and dark"
        >
          ◐
        </button>
        {section !== 'sign-in' && <Account context={context} />}
      </div>
    </header>
  );
}

function Account({ context }: { context: Context<WebEnv> }) {
  if (!context.get('signedIn')) {
    return <a href={signInPath(context)}>Sign in</a>;
  }
  return (
    <form method="post" action="/sign-out">
      <button class="quiet" type="submit" data-act="Sign out">
        Sign out
      </button>
    </form>
  );
}

function Magnifier() {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="7" cy="7" r="4.5" />
      <path d="m10.5 10.5 4 4" />
    </svg>
  );
}
