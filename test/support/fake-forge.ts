import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Config } from '../../src/kernel/config.ts';
import type { ForgeKind } from '../../src/kernel/forge-kinds.ts';
import type { Database } from '../../src/record/database.ts';
import { addForge, forgeWithToken, noteChecked } from '../../src/record/forges.ts';
import type { FakeComment } from './fake-comments.ts';
import { answerAs } from './fake-forge-answers.ts';
import type { FakeGithubApp } from './fake-github-app.ts';
import type { FakePull } from './fake-pull-requests.ts';
import { ForgeContract } from './forge-contract.ts';
import { dialects } from './forge-dialects.ts';

/** A request as the forge has seen it. */
export interface SeenRequest {
  method: string;
  /** below the address of the API, without the query */
  path: string;
  query: URLSearchParams;
  headers: { [name: string]: string | string[] | undefined };
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every form
  body: any;
}

export interface Answer {
  status: number;
  headers?: { [name: string]: string };
  body?: unknown;
}

/** A status as the forge keeps it. */
export interface StatusRow {
  id: number;
  project: string;
  sha: string;
  context: string;
  ref: string;
  state: string;
  description: string | null;
  url: string | null;
}

/**
 * What goes wrong with a request: an answer in place of the right one, none at all, a row that is lost behind a right one, or a right
 * answer that is lost.
 */
export type Fault = Answer | 'hang' | 'lose' | 'cut';

/** The token that a fake forge accepts. */
export const forgeToken = 'ghs_A1b2C3d4E5f6';

/** A forge that keeps statuses in memory, and refuses what the real one refuses. */
export class FakeForge {
  readonly kind: ForgeKind;
  readonly requests: SeenRequest[] = [];
  /** all statuses, the earliest first */
  readonly rows: StatusRow[] = [];
  /** projects whose statuses the token may set */
  projects = ['acme/app'];
  /** projects that the token may only read */
  readOnly: string[] = [];
  token = forgeToken;
  /** pull requests of each of its projects, the last changed first */
  pulls: FakePull[] = [];
  comments: FakeComment[] = [];
  /** names of those who may write to the project */
  writers: string[] = [];
  /** comments that Volt has written */
  readonly answers: { number: number; text: string }[] = [];
  /** commits that it does not have */
  missing: string[];
  /** an App that Volt is at GitHub */
  app: FakeGithubApp | undefined;
  /** decides what goes wrong with a request */
  fault: (request: SeenRequest) => Fault | undefined = () => undefined;
  /** requests and answers that are not as documented */
  readonly violations: string[] = [];
  readonly contract: ForgeContract;
  readonly #server: Server;

  private constructor(kind: ForgeKind, server: Server) {
    this.kind = kind;
    // Pagure looks only whether it could be the id of a commit
    this.missing = [kind === 'pagure' ? 'no-commit' : '0'.repeat(40)];
    this.contract = new ForgeContract(kind);
    this.#server = server;
  }

  static async start(kind: ForgeKind): Promise<FakeForge> {
    const server = createServer();
    const forge = new FakeForge(kind, server);
    server.on('request', async (incoming, outgoing) => {
      const request = await forge.#seen(incoming);
      const page = forge.app?.pageAt(incoming.url ?? '', request);
      if (page) return void outgoing.writeHead(page.status, page.headers).end(page.body);
      const fault = forge.fault(request);
      if (fault === 'hang') return;
      const [rows, runs] = [forge.rows.length, forge.app?.runs.length ?? 0];
      const answer = typeof fault === 'object' ? fault : answerAs(forge, request);
      if (fault === 'lose') forge.rows.length = rows;
      if (fault === 'lose' && forge.app) forge.app.runs.length = runs;
      if (fault === 'cut') return void outgoing.destroy();
      outgoing.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
      outgoing.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return forge;
  }

  /** Address of the forge. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Address of its API. */
  get api(): string {
    return this.url + dialects[this.kind].api;
  }

  /** Statuses that it was asked to set, in order: those in its rows and those that it has refused or lost. */
  get sent(): SeenRequest[] {
    return this.requests.filter(
      ({ method, path, body }) => method === 'POST' && body !== undefined && !/0{40}|no-commit/.test(path),
    );
  }

  /** The statuses of a commit that it shows: the newest of each name. */
  shown(sha: string): { [context: string]: string } {
    return Object.fromEntries(this.rows.filter((row) => row.sha === sha).map(({ context, state }) => [context, state]));
  }

  /** The newest status of a commit. */
  newest(sha: string): StatusRow | undefined {
    return this.rows.findLast((row) => row.sha === sha);
  }

  async #seen(incoming: IncomingMessage): Promise<SeenRequest> {
    const url = new URL(incoming.url ?? '', this.url);
    const body = await text(incoming);
    const request = {
      method: incoming.method ?? '',
      path: url.pathname.slice(dialects[this.kind].api.length),
      query: url.searchParams,
      headers: incoming.headers,
      body: body === '' ? undefined : bodyOf(body, incoming.headers['content-type']),
    };
    this.requests.push(request);
    return request;
  }

  /** @throws Error if a request or an answer was not as documented */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    if (this.violations.length > 0) throw new Error(`not as documented: ${this.violations.join('; ')}`);
  }
}

/** Adds a fake forge that is checked. */
export async function checkedForge(
  database: Database,
  config: Config,
  { kind, api, token }: FakeForge,
  { name = 'hub', repos = ['app=acme/app'] } = {},
): Promise<void> {
  await addForge(database, config, { name, kind, api, token, repos, createdBy: 'owner' });
  await noteChecked(database, config, await forgeWithToken(database, config, name));
}

function bodyOf(text: string, type: string | undefined): unknown {
  return type === 'application/json' ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
}
