import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** Somebody with an account at the forge. */
export interface ForgeAccount {
  id: number;
  login: string;
  name: string;
  emails: readonly { email: string; primary: boolean; verified: boolean }[];
  orgs: readonly string[];
  /** name of the organization and of the team */
  teams: readonly (readonly [org: string, team: string])[];
}

const nobody: ForgeAccount = { id: 1, login: 'nobody', name: 'Nobody', emails: [], orgs: [], teams: [] };

interface Issued {
  challenge: string;
  redirectUri: string;
  account: ForgeAccount;
}

/**
 * A forge where people sign in by OAuth 2.0, with the paths, answers and errors that GitHub and Gitea document: the errors of GitHub
 * have the status 200, those of Gitea 400; lists come in pages.
 */
export class OAuthForge {
  readonly url: string;
  readonly kind: 'github' | 'gitea';
  /** who signs in next */
  account: ForgeAccount;
  /** how many entries a page of a list has */
  pageSize = 100;
  readonly client = { clientId: 'volt', clientSecret: 'the secret' };
  /** the scopes that were asked for last */
  asked = '';
  readonly #server: Server;
  readonly #codes = new Map<string, Issued>();
  readonly #tokens = new Map<string, ForgeAccount>();

  private constructor(server: Server, kind: 'github' | 'gitea', account: ForgeAccount) {
    this.#server = server;
    this.kind = kind;
    this.account = account;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(kind: 'github' | 'gitea', account: ForgeAccount = nobody): Promise<OAuthForge> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const forge = new OAuthForge(server, kind, account);
    server.on('request', (request, response) => void forge.#answer(request, response));
    return forge;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const url = new URL(request.url ?? '/', this.url);
    if (url.pathname === '/login/oauth/authorize') return this.#authorize(url, response);
    if (url.pathname === '/login/oauth/access_token')
      return this.#exchange(new URLSearchParams(await text(request)), response);
    const path = url.pathname.replace(this.kind === 'github' ? '/api/v3' : '/api/v1', '');
    const account = this.#tokens.get(/^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '');
    if (!account) return json(response, 401, { message: 'Requires authentication' });
    if (path === '/user') return json(response, 200, this.#user(account));
    const list = this.#lists(account)[path];
    return list ? this.#page(url, list, response) : json(response, 404, { message: 'Not Found' });
  }

  #authorize({ searchParams }: URL, response: ServerResponse): ServerResponse {
    const code = randomUUID();
    const redirectUri = searchParams.get('redirect_uri') ?? '';
    this.asked = searchParams.get('scope') ?? '';
    const challenge = searchParams.get('code_challenge') ?? '';
    this.#codes.set(code, { challenge, redirectUri, account: this.account });
    const back = new URL(redirectUri);
    back.searchParams.set('code', code);
    back.searchParams.set('state', searchParams.get('state') ?? '');
    return response.writeHead(302, { location: back.href }).end();
  }

  #exchange(form: URLSearchParams, response: ServerResponse): ServerResponse {
    const { clientId, clientSecret } = this.client;
    if (form.get('client_id') !== clientId || form.get('client_secret') !== clientSecret) {
      return this.#refuse(response, {
        github: ['incorrect_client_credentials', 'The client_id and/or client_secret passed are incorrect.'],
        gitea: ['unauthorized_client', 'invalid client secret'],
      });
    }
    const issued = this.#codes.get(form.get('code') ?? '');
    this.#codes.delete(form.get('code') ?? '');
    if (!issued || issued.redirectUri !== form.get('redirect_uri')) {
      return this.#refuse(response, {
        github: ['bad_verification_code', 'The code passed is incorrect or expired.'],
        gitea: ['unauthorized_client', 'client is not authorized'],
      });
    }
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (challenge !== issued.challenge) {
      const error = ['unauthorized_client', 'failed PKCE code challenge'] as const;
      return this.#refuse(response, { github: error, gitea: error });
    }
    const access_token = randomUUID();
    this.#tokens.set(access_token, issued.account);
    return json(response, 200, { access_token, token_type: 'bearer', scope: 'read:user' });
  }

  #refuse(
    response: ServerResponse,
    errors: { [Kind in 'github' | 'gitea']: readonly [string, string] },
  ): ServerResponse {
    const [error, error_description] = errors[this.kind];
    return json(response, this.kind === 'github' ? 200 : 400, { error, error_description });
  }

  #user({ id, login, name }: ForgeAccount): object {
    return this.kind === 'github' ? { id, login, name } : { id, login, full_name: name };
  }

  #lists({ emails, orgs, teams }: ForgeAccount): { [path: string]: readonly object[] | undefined } {
    const isGitHub = this.kind === 'github';
    return {
      '/user/emails': emails,
      '/user/orgs': orgs.map((org) => (isGitHub ? { id: 1, login: org } : { id: 1, name: org, username: org })),
      '/user/teams': teams.map(([org, team]) =>
        isGitHub
          ? { id: 2, name: `The ${team}`, slug: team, organization: { login: org } }
          : { id: 2, name: team, organization: { name: org, username: org } },
      ),
    };
  }

  #page({ pathname, searchParams }: URL, list: readonly object[], response: ServerResponse): ServerResponse {
    const page = Number(searchParams.get('page') ?? 1);
    const rest = list.slice((page - 1) * this.pageSize);
    const next = `<${this.url}${pathname}?page=${page + 1}>; rel="next"`;
    if (rest.length > this.pageSize) response.setHeader('link', next);
    return json(response, 200, rest.slice(0, this.pageSize));
  }
}

function json(response: ServerResponse, status: number, body: object): ServerResponse {
  return response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
