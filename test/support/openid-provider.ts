import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, exportJWK, generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT } from 'jose';
import Provider, { type Adapter, type AdapterPayload, type Configuration } from 'oidc-provider';

/** Somebody at the provider. */
interface Account {
  name: string;
  email?: string;
  email_verified?: boolean;
  groups?: readonly string[];
}

/** What a client of the provider is known by. */
export interface OpenIdClient {
  id: string;
  secret: string;
  redirectUri: string;
}

/** Milliseconds that the provider's clock is ahead, while it handles a request. */
const ahead = new AsyncLocalStorage<number>();
const realNow = Date.now;

/**
 * A real provider of OpenID Connect on a free port, whose clock may be off, whose keys change, and which may tell lies in its ID tokens.
 */
export class OpenIdProvider {
  readonly url: string;
  /** who signs in next, by subject; undefined shows a form */
  account: string | undefined = 'ada';
  /** milliseconds that its clock is ahead */
  clock = 0;
  /** changes the claims of its ID tokens, which it then signs */
  lie: ((claims: JWTPayload) => JWTPayload) | undefined;
  /** what it says about itself besides, or instead */
  description: { [name: string]: unknown } = {};
  /** whether it answers nothing */
  isSilent = false;
  /** parameters that it adds to the answer that the browser carries */
  answerWith: { [name: string]: string } = {};
  readonly accounts: { [subject: string]: Account };
  readonly #server: Server;
  readonly #clients: OpenIdClient[];
  readonly #rows = new Map<string, AdapterPayload>();
  #provider!: Provider;
  #key!: JWK;

  private constructor(server: Server, clients: OpenIdClient[], accounts: { [subject: string]: Account }) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#clients = clients;
    this.accounts = accounts;
  }

  static async start(
    clients: (url: string) => OpenIdClient[],
    accounts: { [subject: string]: Account },
  ): Promise<OpenIdProvider> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const started = new OpenIdProvider(server, clients(`http://127.0.0.1:${port}`), accounts);
    await started.rotateKeys();
    Date.now = () => realNow() + (ahead.getStore() ?? 0);
    server.on('request', (request, response) => {
      void ahead.run(started.clock, () => started.#answer(request, response));
    });
    return started;
  }

  async stop(): Promise<void> {
    Date.now = realNow;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Signs with a new key from now on; the old one is forgotten. */
  async rotateKeys(): Promise<void> {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    this.#key = { ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: `key-${realNow()}` };
    this.#provider = new Provider(this.url, this.#configuration());
  }

  /** Signs with a key that it shows nobody. */
  async hideKey(): Promise<void> {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    this.#key = { ...(await exportJWK(privateKey)), kid: this.#key.kid as string };
  }

  #configuration(): Configuration {
    const rows = this.#rows;
    return {
      adapter: (model: string) => new Rows(rows, model),
      clients: this.#clients.map(({ id, secret, redirectUri }) => ({
        ...{
          client_id: id,
          client_secret: secret,
          redirect_uris: [redirectUri],
          id_token_signed_response_alg: 'ES256',
        },
      })),
      claims: {
        openid: ['sub'],
        profile: ['name', 'preferred_username'],
        email: ['email', 'email_verified'],
        groups: ['groups'],
      },
      scopes: ['openid', 'profile', 'email', 'groups'],
      cookies: { keys: ['a key of the test'] },
      features: {
        devInteractions: { enabled: false },
        rpInitiatedLogout: {
          logoutSource: (context, form) => {
            context.body = `${form}<button form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>`;
          },
          postLogoutSuccessSource: (context) => {
            context.body = '<h1>Signed out of the provider</h1>';
          },
        },
      },
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      jwks: { keys: [this.#key as never] },
      pkce: { required: () => true },
      ttl: { IdToken: 60, AuthorizationCode: 60, AccessToken: 60, Session: 600, Interaction: 600, Grant: 600 },
      findAccount: (_, sub) => {
        const account = this.accounts[sub];
        return account && { accountId: sub, claims: async () => ({ sub, preferred_username: sub, ...account }) };
      },
      loadExistingGrant: async (context) => {
        const { client, session } = context.oidc;
        const grant = new context.oidc.provider.Grant({
          clientId: client?.clientId ?? '',
          accountId: session?.accountId ?? '',
        });
        grant.addOIDCScope('openid profile email groups');
        await grant.save();
        return grant;
      },
    };
  }

  /** A logout token about somebody; `lie` changes its claims. */
  logoutToken(subject: string, clientId: string, lie: JWTPayload = {}): Promise<string> {
    const now = Math.floor(realNow() / 1000);
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const usual = { iss: this.url, aud: clientId, iat: now, exp: now + 120, jti: randomUUID(), events, sub: subject };
    return this.#signed({ ...usual, ...lie });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.isSilent) return;
    const url = new URL(request.url ?? '/', this.url);
    response.setHeader('date', new Date(Date.now()).toUTCString());
    if (url.pathname.startsWith('/interaction/')) return this.#interact(url, request, response);
    if (url.pathname === '/.well-known/openid-configuration')
      this.#bend(response, async (own) => ({ ...own, ...this.description }));
    const { lie } = this;
    if (lie && url.pathname === '/token') {
      this.#bend(response, async (own) => {
        const { id_token: token } = own;
        return typeof token === 'string' ? { ...own, id_token: await this.#signed(lie(decodeJwt(token))) } : own;
      });
    }
    if (url.pathname.startsWith('/auth')) this.#addTo(response);
    this.#provider.callback()(request, response);
  }

  /** Its page with a form, or what the form leads to. */
  async #interact(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const login = this.account ?? url.searchParams.get('login');
    if (login !== null && login !== undefined)
      return this.#provider.interactionFinished(request, response, { login: { accountId: login } });
    response.setHeader('content-type', 'text/html');
    response.end('<form><label>Account <input name="login"></label><button>Log in</button></form>');
  }

  /** Has the JSON of an answer changed. */
  #bend(response: ServerResponse, change: (own: { [name: string]: unknown }) => Promise<object>): void {
    const end = response.end.bind(response) as (text: string | Buffer) => ServerResponse;
    response.end = ((text: string | Buffer) => {
      void change(JSON.parse(String(text))).then((changed) => {
        const json = JSON.stringify(changed);
        response.setHeader('content-length', Buffer.byteLength(json));
        end(json);
      });
      return response;
    }) as ServerResponse['end'];
  }

  /** Adds parameters to the address that the browser is sent back to. */
  #addTo(response: ServerResponse): void {
    const setHeader = response.setHeader.bind(response);
    response.setHeader = (name, value) => {
      if (name.toLowerCase() !== 'location' || !String(value).includes('code=')) return setHeader(name, value);
      const url = new URL(String(value));
      for (const [key, text] of Object.entries(this.answerWith)) url.searchParams.set(key, text);
      return setHeader(name, url.href);
    };
  }

  async #signed(claims: JWTPayload): Promise<string> {
    const key = await importJWK(this.#key, 'ES256');
    return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: this.#key.kid as string }).sign(key);
  }
}

/** What the provider keeps, in memory. */
class Rows implements Adapter {
  readonly #rows: Map<string, AdapterPayload>;
  readonly #model: string;

  constructor(rows: Map<string, AdapterPayload>, model: string) {
    this.#rows = rows;
    this.#model = model;
  }

  async upsert(id: string, payload: AdapterPayload): Promise<void> {
    this.#rows.set(`${this.#model} ${id}`, payload);
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    return this.#rows.get(`${this.#model} ${id}`);
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return [...this.#rows].find(([key, row]) => key.startsWith(`${this.#model} `) && row.uid === uid)?.[1];
  }

  async findByUserCode(): Promise<undefined> {
    return undefined;
  }

  async consume(id: string): Promise<void> {
    const row = await this.find(id);
    if (row) row.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id: string): Promise<void> {
    this.#rows.delete(`${this.#model} ${id}`);
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [key, row] of this.#rows) if (row.grantId === grantId) this.#rows.delete(key);
  }
}
