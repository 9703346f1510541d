import type { Context } from 'hono';
import type { Role } from '../../kernel/roles.ts';
import type { WebEnv } from '../access/env.ts';
import { may } from '../access/rights.ts';
import { signInPath } from '../access/to-sign-in.ts';

/** A page of the navigation, or what else a page belongs to. */
export type Section = keyof typeof places | keyof typeof more | 'account' | 'search' | 'sign-in' | 'none';

const places = {
  start: { title: 'Start', href: '/' },
  builds: { title: 'Builds', href: '/builds' },
  repositories: { title: 'Repositories', href: '/repos' },
  runners: { title: 'Runners', href: '/runners' },
} as const;

/** What is rarely needed, and the role of those for whom it is; null for everybody. */
const more = {
  add: { title: 'Add repository', href: '/repos/new', role: 'admin' },
  forges: { title: 'Forges', href: '/forges', role: 'admin' },
  notices: { title: 'Notices', href: '/notices', role: 'own' },
  providers: { title: 'Sign-in providers', href: '/providers', role: 'admin' },
  access: { title: 'Access', href: '/access', role: 'admin' },
  people: { title: 'People', href: '/people', role: 'admin' },
  config: { title: 'Settings as code', href: '/config', role: 'admin' },
  audit: { title: 'Audit log', href: '/audit', role: 'admin' },
  api: { title: 'API', href: '/api', role: null },
  shortcuts: { title: 'Keyboard shortcuts', href: '/shortcuts', role: null },
} as const satisfies { [name: string]: { title: string; href: string; role: Role | null } };

interface Shown {
  context: Context<WebEnv>;
  section: Section;
  /** where people sign out of the proxy that has signed them in */
  proxySignOut: string | undefined;
}

/** The bar at the top of every page. */
export function Navigation({ context, section, proxySignOut }: Shown) {
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
              .filter(([, { role }]) => role === null || may(context, role))
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
        {section !== 'sign-in' && <Account {...{ context, section, proxySignOut }} />}
      </div>
    </header>
  );
}

function Account({ context, section, proxySignOut }: Shown) {
  const caller = context.get('caller');
  if (!caller) return <a href={signInPath(context)}>Sign in</a>;
  return (
    <>
      <a href="/account" class="me" aria-current={section === 'account' ? 'page' : undefined}>
        {caller.name}
      </a>
      <SignOut byProxy={context.get('told') !== undefined && caller.token === null} proxySignOut={proxySignOut} />
    </>
  );
}

/** A proxy signs its people in with each request, so they sign out there. */
function SignOut({ byProxy, proxySignOut }: { byProxy: boolean; proxySignOut: string | undefined }) {
  if (byProxy) return proxySignOut === undefined ? null : <a href={proxySignOut}>Sign out</a>;
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
