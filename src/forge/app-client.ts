import { createPrivateKey } from 'node:crypto';
import { SignJWT } from 'jose';
import { serverNow } from '../kernel/server-time.ts';
import type { ForgeAccess } from './access.ts';
import { type ForgeAnswer, type ForgeRequest, hostIn } from './answer.ts';
import { ForgeFault } from './fault.ts';
import { ForgeClient } from './request.ts';

/** GitHub accepts a token of an App for 10 minutes, by its own clock: seconds that it begins earlier, and lasts. */
const early = 60;
const lifetime = 480;

/** What a GitHub App proves itself with. */
export interface AppAccess extends ForgeAccess {
  app: number;
}

export function isApp(access: ForgeAccess): access is AppAccess {
  return access.app !== undefined;
}

/** The headers of a request to GitHub. @param token of whichever kind */
export function githubHeaders(token: string): { [name: string]: string } {
  return {
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
    authorization: `Bearer ${token}`,
  };
}

/**
 * Asks GitHub as the App itself, which may do little more than ask for tokens.
 * @throws ForgeFault, for the whole forge where GitHub does not accept the key
 */
export async function askAsApp(
  access: AppAccess,
  request: Omit<ForgeRequest, 'headers'>,
  expected: readonly number[],
  { what, timeout }: { what: string; timeout: number },
): Promise<ForgeAnswer> {
  const token = await appToken(access);
  const client = new ForgeClient({ ...access, token }, githubHeaders(token), timeout);
  const answer = await client.ask(request, [...expected, 401], what);
  if (answer.status !== 401) return answer;
  throw new ForgeFault('forge_refused', `${hostIn(access.api)} does not accept the key of the App ${access.app}`, {
    scope: 'forge',
    remedy:
      'Check the id of the App and the clock of this machine. Else make a new private key on the page of the App at GitHub, and give it to Volt: `volt forge set NAME --app-key-file FILE`.',
  });
}

/** The page of the App at GitHub; undefined if GitHub does not say. @throws ForgeFault */
export async function appPage(access: AppAccess, timeout: number): Promise<string | undefined> {
  const what = `a question about the App ${access.app}`;
  const { json } = await askAsApp(access, { method: 'GET', path: '/app' }, [200], { what, timeout });
  const { html_url: page } = Object(json) as { html_url?: unknown };
  return typeof page === 'string' && /^https?:\/\/[^\s"'<>]{1,500}$/.test(page) ? page : undefined;
}

/** A JSON Web Token by which GitHub knows an App, https://docs.github.com/en/apps, "Generating a JSON Web Token". */
function appToken({ app, token: key }: AppAccess): Promise<string> {
  const now = Math.floor(serverNow() / 1000);
  return new SignJWT()
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuedAt(now - early)
    .setExpirationTime(now + lifetime)
    .setIssuer(String(app))
    .sign(createPrivateKey(key));
}
