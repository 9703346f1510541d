import { forgeKinds } from '../kernel/forge-kinds.ts';
import type { ForgeAccess } from './access.ts';
import { askForge, type ForgeAnswer, type ForgeRequest, hostIn, quoted } from './answer.ts';
import { ForgeFault } from './fault.ts';

/** Milliseconds that a forge which limits requests is left alone if it names no time. GitHub asks for at least a minute. */
const usualPause = 60_000;
/** The longest such pause (ms): a wrong date must not stop everything. */
const longestPause = 3_600_000;

/** Asks one forge with its token, and knows what its answers mean. */
export class ForgeClient {
  readonly #access: ForgeAccess;
  readonly #headers: { [name: string]: string };
  readonly #timeout: number;

  /**
   * @param headers of each request: how the forge wants the token
   * @param timeout milliseconds for an answer
   */
  constructor(access: ForgeAccess, headers: { [name: string]: string }, timeout: number) {
    this.#access = access;
    this.#headers = headers;
    this.#timeout = timeout;
  }

  /**
   * @param expected the statuses that are no faults
   * @param what is asked for, for the message of a fault, for example `setting a status of acme/app`
   * @throws ForgeFault
   */
  async ask(
    request: Omit<ForgeRequest, 'headers'> & Partial<ForgeRequest>,
    expected: readonly number[],
    what: string,
  ): Promise<ForgeAnswer> {
    const headers = { ...this.#headers, ...request.headers };
    const answer = await askForge(this.#access.api, { ...request, headers }, this.#timeout);
    if (!expected.includes(answer.status)) throw this.#fault(answer, what);
    if (answer.status < 300 && answer.status !== 204 && typeof answer.json !== 'object') throw this.#foreign(what);
    return answer;
  }

  #fault(answer: ForgeAnswer, what: string): ForgeFault {
    const { status, headers } = answer;
    const { title } = forgeKinds[this.#access.kind];
    const words = quoted(answer, this.#access.token);
    const said = `${title} at ${hostIn(this.#access.api)} answers ${status}${words === '' ? '' : ` "${words}"`} to ${what}`;
    if (isLimit(answer)) {
      return new ForgeFault('forge_limited', `${said}: too many requests`, {
        scope: 'forge',
        after: pauseOf(headers),
        remedy: 'Volt sends the newest statuses when the forge accepts requests again.',
      });
    }
    if (status >= 500 || status === 408) {
      return new ForgeFault('forge_unreachable', said, {
        scope: 'forge',
        remedy: 'Volt retries automatically; see the log of the forge if it goes on.',
      });
    }
    // Azure DevOps answers with its sign-in page
    if (status === 401 || status === 203) {
      return new ForgeFault('forge_refused', `${said}: the token is not valid`, {
        scope: 'forge',
        remedy: 'Make a new token there and give it to Volt: `volt forge set NAME --token-file FILE`.',
      });
    }
    if (status >= 300 && status < 400) {
      return new ForgeFault('forge_refused', `${said}, a redirect, which Volt does not follow with a token`, {
        scope: 'repository',
        remedy:
          'If the repository was renamed, remove it and add it at its new address. If the forge was moved, correct `--api`.',
      });
    }
    if (status === 403 || status === 404) {
      const needed = text(headers['x-accepted-github-permissions']);
      const rights = needed === undefined ? '' : ` It needs these permissions: ${needed.slice(0, 200)}.`;
      return new ForgeFault('forge_refused', said, {
        scope: 'repository',
        remedy: `The token may not do that, or the repository does not exist there: give the token's user the right to write.${rights}`,
      });
    }
    return new ForgeFault('forge_refused', said, {
      scope: 'status',
      remedy: 'Check that the commit is in the repository at the forge, too.',
    });
  }

  #foreign(what: string): ForgeFault {
    const { api, kind } = this.#access;
    return new ForgeFault(
      'forge_refused',
      `${hostIn(api)} does not answer as ${forgeKinds[kind].title} does to ${what}`,
      {
        scope: 'forge',
        remedy: 'Check `--kind` and `--api` of the forge, and whether a proxy answers in its name.',
      },
    );
  }
}

/** GitHub limits with 403, too, and says so by headers or in words. */
function isLimit({ status, headers, json }: ForgeAnswer): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  const { message } = Object(json) as { message?: unknown };
  return (
    headers['retry-after'] !== undefined ||
    headers['x-ratelimit-remaining'] === '0' ||
    (typeof message === 'string' && /\brate limit\b/i.test(message))
  );
}

/** Milliseconds by `Retry-After` (seconds or a date), else by GitHub's `x-ratelimit-reset` (seconds since 1970). */
function pauseOf(headers: ForgeAnswer['headers']): number {
  const after = headers['retry-after'];
  const reset = headers['x-ratelimit-remaining'] === '0' ? text(headers['x-ratelimit-reset']) : undefined;
  const ms =
    after !== undefined
      ? /^\d+$/.test(after)
        ? Number(after) * 1000
        : Date.parse(after) - Date.now()
      : reset !== undefined
        ? Number(reset) * 1000 - Date.now()
        : usualPause;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 1000), longestPause) : usualPause;
}

/** The first of several headers of one name. */
function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
