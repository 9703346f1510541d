import { generateKeyPairSync, randomBytes, verify } from 'node:crypto';
import type { Answer, FakeForge, SeenRequest } from './fake-forge.ts';
import { GithubContract } from './github-contract.ts';

/** A check run as GitHub keeps it. */
export interface CheckRunRow {
  id: number;
  project: string;
  sha: string;
  name: string;
  externalId: string | null;
  url: string | null;
  status: string;
  conclusion: string | null;
  title: string | null;
  summary: string | null;
  annotations: { path: string; message: string }[];
  startedAt: string | null;
  completedAt: string | null;
}

interface Token {
  project: string;
  permissions: { [name: string]: string };
}

const at = '2026-01-02T03:04:05Z';
const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  // as GitHub's
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});

let nextId = 4711;

/** A GitHub App: its tokens and its check runs. It refuses what GitHub refuses. */
export class FakeGithubApp {
  /** another one for each, since ports come again */
  readonly id = nextId++;
  readonly key = keys.privateKey;
  permissions: { [name: string]: string } = { checks: 'write', pull_requests: 'read', contents: 'read' };
  /** projects where it is installed */
  installed = ['acme/app'];
  /** tokens that are good, by their text */
  readonly tokens = new Map<string, Token>();
  readonly issued: string[] = [];
  readonly runs: CheckRunRow[] = [];
  /** codes of the manifest flow that were not used yet, with the App's webhook secret */
  readonly codes = new Map<string, string>();
  /** the newest manifest that a browser has brought, and whose App it is to be */
  manifest: { [key: string]: unknown } = {};
  owner: string | undefined;
  readonly #contract = new GithubContract();
  readonly #forge: FakeForge;

  constructor(forge: FakeForge) {
    this.#forge = forge;
  }

  /** The page of the App. */
  get page(): string {
    return `${this.#forge.url}/github-apps/volt-ci`;
  }

  /** What people see at GitHub; undefined for other addresses. */
  pageAt(
    address: string,
    { body }: Pick<SeenRequest, 'body'>,
  ): { status: number; headers: { [name: string]: string }; body: string } | undefined {
    const { pathname, searchParams } = new URL(address, this.#forge.url);
    const html = (text: string) => ({ status: 200, headers: { 'content-type': 'text/html' }, body: text });
    if (/^(\/organizations\/[\w-]+)?\/settings\/apps\/new$/.test(pathname)) {
      this.manifest = JSON.parse(body.manifest) as { [key: string]: unknown };
      this.#forge.violations.push(...wrongManifest(this.manifest));
      this.owner = pathname.split('/')[2];
      const action = `/created?state=${searchParams.get('state')}`;
      return html(`<form method="post" action="${action}"><button>Create GitHub App</button></form>`);
    }
    if (pathname === '/created') {
      const { redirect_url: redirect, hook_attributes: hook } = this.manifest;
      const code = randomBytes(20).toString('hex');
      this.codes.set(code, hook === undefined ? '' : 'the-webhook-secret');
      return {
        status: 302,
        headers: { location: `${redirect}?code=${code}&state=${searchParams.get('state')}` },
        body: '',
      };
    }
    return pathname.startsWith('/github-apps/') ? html('<h1>Install Volt CI</h1>') : undefined;
  }

  /** @returns undefined for what is no request of an App */
  answer(request: SeenRequest): Answer | undefined {
    const { violations } = this.#forge;
    const wrong = this.#contract.wrongRequest(request);
    if (wrong !== undefined) {
      violations.push(`${request.method} ${request.path}: ${wrong}`);
      return { status: 422, body: { message: 'Validation Failed', errors: [wrong] } };
    }
    const answer = this.#answer(request);
    const own = answer && this.#contract.wrongAnswer(request, answer);
    if (own !== undefined) violations.push(`the fake itself answers ${request.path} wrongly: ${own}`);
    return answer;
  }

  /** The newest check run of each name at a commit, by what it says. */
  shown(sha: string): { [name: string]: string } {
    const runs = this.runs.filter((run) => run.sha === sha);
    return Object.fromEntries(runs.map(({ name, status, conclusion }) => [name, conclusion ?? status]));
  }

  #answer(request: SeenRequest): Answer | undefined {
    const { method, path } = request;
    const [, code] = /^\/app-manifests\/([^/]+)\/conversions$/.exec(path) ?? [];
    if (code !== undefined) return this.#convert(code);
    if (path === '/app' || path.startsWith('/app/') || path.endsWith('/installation')) return this.#asApp(request);
    const [, bearer = ''] = /^Bearer (.+)$/.exec(String(request.headers.authorization)) ?? [];
    if (method === 'DELETE' && path === '/installation/token') {
      return this.tokens.delete(bearer) ? { status: 204, body: '' } : unauthorized;
    }
    const [, project = '', rest = ''] = /^\/repos\/([^/]+\/[^/]+)\/(.+)$/.exec(path) ?? [];
    if (!/^check-runs(\/|$)|^commits\/\w+\/check-runs$/.test(rest)) return undefined;
    const token = this.tokens.get(bearer);
    if (!token) return unauthorized;
    if (token.project !== project) return notFound;
    if (token.permissions.checks !== 'write') return { status: 403, body: { message: 'Resource not accessible' } };
    if (method === 'GET') return this.#list(rest.split('/')[1] ?? '', project, request.query);
    return method === 'POST' ? this.#make(project, request.body) : this.#change(project, rest, request.body);
  }

  #asApp({ method, path, headers, body }: SeenRequest): Answer {
    if (!this.#isOwn(String(headers.authorization))) return unauthorized;
    if (path === '/app') return { status: 200, body: this.#appBody() };
    const [, project = ''] = /^\/repos\/(.+)\/installation$/.exec(path) ?? [];
    if (project !== '')
      return this.installed.includes(project) ? { status: 200, body: this.#installationBody() } : notFound;
    if (method !== 'POST' || path !== '/app/installations/77/access_tokens') return notFound;
    const { repositories, permissions } = body as { repositories: string[]; permissions: { [name: string]: string } };
    const order = ['none', 'read', 'write'];
    const tooMuch = Object.entries(permissions).some(
      ([name, level]) =>
        order.indexOf(level) > order.indexOf(this.permissions[name] ?? (name === 'metadata' ? 'read' : 'none')),
    );
    if (tooMuch) return { status: 422, body: { message: 'The permissions requested are not granted' } };
    const token = `ghs_${this.id}_${randomBytes(40).toString('base64url')}.${randomBytes(200).toString('base64url')}`;
    this.tokens.set(token, { project: `acme/${repositories[0]}`, permissions });
    this.issued.push(token);
    const end = new Date(Date.now() + 3_600_000).toISOString();
    return { status: 201, body: { token, expires_at: end, permissions, repository_selection: 'selected' } };
  }

  /** Whether it is a token of the App itself, which is valid now and for at most ten minutes. */
  #isOwn(authorization: string): boolean {
    const [, head = '', payload = '', code = ''] = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(authorization) ?? [];
    const signed = Buffer.from(`${head}.${payload}`);
    if (!verify('sha256', signed, keys.publicKey, Buffer.from(code, 'base64url'))) return false;
    const { iat, exp, iss } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { [name: string]: number };
    const now = Date.now() / 1000;
    return String(iss) === String(this.id) && Number(iat) <= now && Number(exp) > now && Number(exp) - now <= 600;
  }

  #convert(code: string): Answer {
    const secret = this.codes.get(code);
    this.codes.delete(code);
    if (secret === undefined) return notFound;
    const secrets = {
      client_id: 'Iv1.a',
      client_secret: 'the-client-secret',
      webhook_secret: secret || null,
      pem: this.key,
    };
    return { status: 201, body: { ...this.#appBody(), ...secrets } };
  }

  #appBody() {
    const { id, page, permissions } = this;
    return {
      ...{ id, slug: 'volt-ci', node_id: 'A', client_id: 'Iv1.a', owner: user, name: 'Volt CI', description: null },
      ...{
        external_url: 'https://ci.example.org',
        html_url: page,
        created_at: at,
        updated_at: at,
        permissions,
        events: [],
      },
    };
  }

  #installationBody() {
    const url = this.#forge.url;
    return {
      ...{ id: 77, app_id: this.id, app_slug: 'volt-ci', target_id: 1, target_type: 'Organization', account: user },
      ...{ repository_selection: 'selected', access_tokens_url: url, repositories_url: url, html_url: url, events: [] },
      ...{ permissions: this.permissions, single_file_name: null, suspended_by: null, suspended_at: null },
      ...{ created_at: at, updated_at: at },
    };
  }

  #list(sha: string, project: string, query: URLSearchParams): Answer {
    if (this.#forge.missing.includes(sha)) return noCommit(sha);
    const rows = this.runs.filter(
      (run) => run.sha === sha && run.project === project && run.name === query.get('check_name'),
    );
    const runs = rows.toReversed().map((run) => this.#runBody(run));
    return { status: 200, body: { total_count: runs.length, check_runs: runs } };
  }

  // biome-ignore lint/suspicious/noExplicitAny: the contract has checked it
  #make(project: string, body: any): Answer {
    if (this.#forge.missing.includes(body.head_sha)) return noCommit(body.head_sha);
    const run: CheckRunRow = {
      ...{ id: this.runs.length + 1, project, sha: body.head_sha, name: body.name, externalId: null, url: null },
      ...{ status: 'queued', conclusion: null, title: null, summary: null, annotations: [] },
      ...{ startedAt: null, completedAt: null },
    };
    const wrong = this.#apply(run, body);
    if (wrong) return wrong;
    this.runs.push(run);
    return { status: 201, body: this.#runBody(run) };
  }

  #change(project: string, path: string, body: object): Answer {
    const run = this.runs.find((one) => one.project === project && String(one.id) === path.split('/')[1]);
    if (!run) return notFound;
    return this.#apply(run, body) ?? { status: 200, body: this.#runBody(run) };
  }

  // biome-ignore lint/suspicious/noExplicitAny: the contract has checked it
  #apply(run: CheckRunRow, body: any): Answer | undefined {
    // GitHub requires it in words only
    if (body.status === 'completed' && body.conclusion === undefined)
      return { status: 422, body: { message: 'conclusion' } };
    const { annotations = [], title, summary } = body.output ?? {};
    if (annotations.some(({ path }: { path: string }) => path.includes('refused')))
      return { status: 422, body: { message: 'Validation Failed' } };
    run.externalId = body.external_id ?? run.externalId;
    run.url = body.details_url ?? run.url;
    run.status = body.conclusion === undefined ? (body.status ?? run.status) : 'completed';
    run.conclusion = body.conclusion ?? null;
    run.title = title ?? run.title;
    run.summary = summary ?? run.summary;
    run.annotations.push(...annotations);
    run.startedAt = body.started_at ?? run.startedAt;
    run.completedAt = body.completed_at ?? run.completedAt;
    return undefined;
  }

  #runBody(run: CheckRunRow) {
    const { id, sha, name, externalId, url, status, conclusion, title, summary, annotations } = run;
    const output = { title, summary, text: null, annotations_count: annotations.length, annotations_url: this.page };
    return {
      ...{ id, head_sha: sha, node_id: 'C', external_id: externalId, url: this.page, html_url: null, details_url: url },
      ...{ status, conclusion, started_at: run.startedAt, completed_at: run.completedAt, output, name },
      ...{ check_suite: { id: 1 }, app: null, pull_requests: [] },
    };
  }
}

/** What GitHub would say of a manifest, by https://docs.github.com/en/apps/sharing-github-apps. */
function wrongManifest(manifest: { [key: string]: unknown }): string[] {
  const known = [
    'name',
    'url',
    'hook_attributes',
    'redirect_url',
    'callback_urls',
    'setup_url',
    'description',
    'public',
  ];
  const all = [...known, 'default_events', 'default_permissions', 'request_oauth_on_install', 'setup_on_update'];
  const unknown = Object.keys(manifest).filter((key) => !all.includes(key));
  const { url, name, hook_attributes: hook } = manifest as { url?: string; name?: string; hook_attributes?: object };
  return [
    ...unknown.map((key) => `no property ${key} of a manifest`),
    ...(typeof url === 'string' ? [] : ['"url" wasn\'t supplied']),
    ...((name ?? '').length <= 34 ? [] : ['the name of the App is too long']),
    ...(hook === undefined || Object.keys(hook).every((key) => ['url', 'active'].includes(key))
      ? []
      : ['hook_attributes']),
    ...(hook === undefined || 'url' in hook ? [] : ['"url" of the webhook wasn\'t supplied']),
  ];
}

const unauthorized: Answer = { status: 401, body: { message: 'Bad credentials' } };
const notFound: Answer = { status: 404, body: { message: 'Not Found' } };

function noCommit(sha: string): Answer {
  return { status: 422, body: { message: `No commit found for SHA: ${sha}` } };
}

const user = {
  ...{ login: 'acme', id: 1, node_id: 'U', avatar_url: '', gravatar_id: '', url: '', html_url: '', followers_url: '' },
  ...{ following_url: '', gists_url: '', starred_url: '', subscriptions_url: '', organizations_url: '', repos_url: '' },
  ...{ events_url: '', received_events_url: '', type: 'Organization', site_admin: false },
};
