import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type ClientRequest, request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadConfig, type Overrides } from '../../src/kernel/config.ts';
import { logFile } from '../../src/kernel/data-paths.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import type { AttemptRef, BuildId, JobId, RunnerId } from '../../src/kernel/model.ts';
import { usualSettings } from '../../src/observer/settings.ts';
import { Queues } from '../../src/queues/queues.ts';
import type { Stage, StageContext } from '../../src/queues/stage.ts';
import { beginWait } from '../../src/record/approvals.ts';
import type { RunnerOfAttempt } from '../../src/record/attempt-columns.ts';
import { type ApprovalMaterial, approvalPlan } from '../../src/record/build-approvals.ts';
import { Database } from '../../src/record/database.ts';
import { type AttemptOutcome, finishAttempt } from '../../src/record/finished-attempts.ts';
import { noteIdentity } from '../../src/record/identities.ts';
import { startAttempt } from '../../src/record/job-transitions.ts';
import { type NewBuild, type PlannedJob, recordPlan } from '../../src/record/plans.ts';
import { type Repository, saveRepository } from '../../src/record/repositories.ts';
import { announceChange, type Growth } from '../../src/redis/channels.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { type RunnerMember, type StageKind, type StageMember, writeHeartbeat } from '../../src/redis/membership.ts';
import { ownProcess } from '../../src/redis/process-identity.ts';
import { Guard } from '../../src/web/access/guard.ts';
import { ensureToken } from '../../src/web/access/main-token.ts';
import { ConfigTexts } from '../../src/web/config-texts/config-texts.ts';
import { Assets } from '../../src/web/http/assets.ts';
import { LineIndexes } from '../../src/web/logs/line-index.ts';
import { Searches } from '../../src/web/logs/searches.ts';
import type { Web } from '../../src/web/services.ts';
import { startWeb, type WebStage } from '../../src/web/start.ts';
import { Notices } from '../../src/web/streams/notices.ts';
import { OpenStreams } from '../../src/web/streams/sse.ts';
import { Summaries } from '../../src/web/summaries/summaries.ts';
import { databaseFor } from '../support/database.ts';
import { pullRequest7 } from '../support/record.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

const ada: RunnerOfAttempt = { id: 'r1~1', name: 'r1', host: 'machine' };

/** The web stage on a Redis server, a record and a data directory of the test's own; the tests play the other stages. */
export class Site {
  readonly redis: TestRedis;
  readonly context: StageContext & { database: Database };
  readonly url: string;
  /** scheme, host and port at which browsers sign in */
  readonly privateUrl: string;
  readonly token: string;
  readonly #stage: Stage;
  #builds = 0;

  private constructor(redis: TestRedis, context: StageContext & { database: Database }, stage: WebStage) {
    this.redis = redis;
    this.context = context;
    this.url = stage.url;
    this.privateUrl = new URL(stage.signIn).origin;
    this.token = ensureToken(context.config);
    this.#stage = stage;
  }

  static async start(overrides: Overrides = {}, host = '127.0.0.1'): Promise<Site> {
    const redis = await startRedis();
    const dataDir = await mkdtemp(join(tmpdir(), 'volt-web-'));
    const config = loadConfig({ logLevel: 'error', ...overrides, ...(await databaseFor(dataDir)), dataDir });
    const logger = createLogger(config.logLevel);
    const access = await connectRedis(config, redis.url, logger);
    const database = await Database.open(config);
    const context = { config, access, queues: new Queues(access, logger, database), logger, database };
    return new Site(redis, context, await startWeb(context, { host, port: 0 }));
  }

  /** What routes work with, for an app of the test's own on the same record and Redis. */
  async web(more: Partial<Web> = {}): Promise<Web> {
    const { context, token } = this;
    const notices = await Notices.open(context.access, context.logger);
    const streams = new OpenStreams(context.logger);
    const kept = {
      assets: new Assets(),
      lines: new LineIndexes(),
      searches: new Searches(),
      summaries: new Summaries(),
      configTexts: new ConfigTexts(),
    };
    const hosts = { bound: '127.0.0.1', machine: 'box', url: undefined };
    return { ...context, hosts, notices, streams, guard: new Guard(token, context), ...kept, ...more };
  }

  /** Stops the web stage alone. */
  stopWeb = () => this.#stage.stop();

  async stop(): Promise<void> {
    await this.#stage.stop();
    await this.context.queues.close();
    await this.context.access.close();
    await this.context.database.close();
    await this.redis.stop();
    await rm(this.context.config.dataDir, { recursive: true, force: true, maxRetries: 5 });
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.url + path, { redirect: 'manual', ...init });
  }

  /** A request at the address where browsers sign in, whose name the system of a test need not know. */
  ask(path: string, init: RequestInit = {}): Promise<Response> {
    return fetchAs(new URL(this.privateUrl).host, this.url + path, init);
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look at answers of every form
  async json(path: string, init: RequestInit = {}): Promise<any> {
    return (await this.fetch(path, init)).json();
  }

  /** A request with the token. */
  post(path: string, body?: unknown): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' };
    return this.fetch(path, { method: 'POST', headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  }

  /** The page as a browser gets it; with a cookie at the address where that holds. */
  async page(path: string, headers: { [name: string]: string } = {}): Promise<string> {
    const init = { headers: { accept: 'text/html', ...headers } };
    return (await ('cookie' in headers ? this.ask(path, init) : this.fetch(path, init))).text();
  }

  /** Signs in as a browser does. @returns the cookie to send along */
  async signIn(token = this.token): Promise<string> {
    const body = new URLSearchParams({ token, next: '/runners' });
    const answer = await this.ask('/sign-in', { method: 'POST', body, headers: { origin: this.privateUrl } });
    return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  }

  /**
   * Signs somebody in as a provider does.
   * @param groups that the provider tells
   * @returns the cookie
   */
  async signInAs(login: string, groups: string[] = [], origin = this.privateUrl): Promise<string> {
    const told = { provider: 'corp', issuer: 'https://id.example', subject: login, login, displayName: login };
    const { id: person } = await noteIdentity(this.context.database, this.context.config, {
      ...told,
      groups,
      addresses: [],
    });
    const guard = new Guard(this.token, this.context);
    const of = { person, token: null, provider: 'corp', address: '127.0.0.1', agent: 'a browser' };
    const secret = await guard.beginSession({ ...of, origin });
    return `${guard.cookieAt(origin)}=${secret}`;
  }

  async repository(name: string, more: Partial<Repository> = {}): Promise<void> {
    await saveRepository(this.context.database, {
      name,
      url: `https://git.example/${name}.git`,
      ...usualSettings,
      host: null,
      ...more,
    });
  }

  /** A build of a repository that is there already, as the dispatcher writes it. */
  async build(repo: string, more: Partial<NewBuild> = {}, jobs: Partial<PlannedJob>[] = [{}]): Promise<BuildId> {
    const serial = ++this.#builds;
    const plan: NewBuild = {
      repo,
      ref: 'refs/heads/main',
      sha: serial.toString(16).padStart(40, '0'),
      offer: `${repo}@${serial}`,
      subject: `Change ${serial}`,
      author: 'Ada',
      committedAt: Date.now(),
      trigger: 'commit',
      message: null,
      cursor: null,
      intent: null,
      jobs: jobs.map((job) => ({
        name: 'test',
        labels: [],
        needs: [],
        plan: '{"kind":"discover"}',
        timeout: 60,
        ...job,
      })),
      ...more,
    };
    const planned = await recordPlan(this.context.database, plan);
    if (planned.outcome !== 'made') throw new Error(planned.outcome);
    return planned.build;
  }

  /** A waiting job comes to an environment that asks for approval, as the dispatcher writes it. */
  async askApproval(build: BuildId, job: JobId, environment = 'production'): Promise<void> {
    await this.context.database.write(async (db) => {
      const message = `waits until a person approves its deployment to ${environment}`;
      const values = { reason: 'approval_required' as const, message };
      await db.updateTable('jobs').set(values).where('id', '=', job).where('status', '=', 'waiting').execute();
      await beginWait(db, { build, job, attempt: 0, environment });
    });
  }

  /** A build of a pull request that a person must approve, as the dispatcher writes it. */
  askForBuild(repo: string, approval: Partial<ApprovalMaterial> = {}, number = 7): Promise<BuildId> {
    const material = { digest: 'a'.repeat(64), files: [], more: 0, ...approval };
    const its = { ref: `refs/pull/${number}/head`, pullRequest: { ...pullRequest7, number }, approval: material };
    return this.build(repo, its, [{ name: 'approval', plan: approvalPlan }]);
  }

  /** A runner begins an attempt. */
  async begin(ref: AttemptRef, runner = ada): Promise<void> {
    await startAttempt(this.context.database, ref, runner, Date.now());
  }

  /** An attempt ends, as the reporter records it. */
  async finish(ref: AttemptRef, outcome: Partial<AttemptOutcome> = {}): Promise<void> {
    const now = Date.now();
    await finishAttempt(this.context.database, ref, {
      status: 'success',
      reason: null,
      message: null,
      runner: ada,
      exitCode: 0,
      steps: [],
      logBytes: 0,
      logComplete: true,
      startedAt: now - 4200,
      finishedAt: now,
      ...outcome,
    });
  }

  /** The archive of an attempt's log gets longer, and the reporter says so. */
  async appendLog(ref: AttemptRef, data: string | Uint8Array, announced = true): Promise<void> {
    const file = logFile(this.context.config.dataDir, ref);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, data, { flag: 'a' });
    const { client, keys } = this.context.access;
    if (announced) await client.publish(keys.growth, JSON.stringify({ ...ref, bytes: 0 } satisfies Growth));
  }

  async announce(build: BuildId, repo: string, status: string): Promise<void> {
    await announceChange(this.context.access, { build, repo, status });
  }

  /** A runner's heartbeat. */
  async runner(name: string, more: Partial<RunnerMember> = {}): Promise<void> {
    const usual = { name, labels: [], slots: 2, running: [], reporting: [], scopes: [], load: 0.5 };
    await this.#beat('runner', { ...memberNow(`${name}~1` as RunnerId), ...usual, ...more });
  }

  /** The heartbeat of another stage. */
  async stage(kind: StageKind, more: Partial<StageMember> = {}): Promise<void> {
    await this.#beat(kind, { ...memberNow(`${kind}-1`), ...more });
  }

  /** Nobody sends the next heartbeat, so this one lives as long as a test may take on a slow machine. */
  async #beat(kind: string, member: Parameters<typeof writeHeartbeat>[2]): Promise<void> {
    const { access } = this.context;
    await writeHeartbeat(access, kind, member);
    await access.client.pexpire(access.keys.member(kind, member.id), 120_000);
  }
}

function memberNow<Id extends string>(id: Id) {
  const time = new Date().toISOString();
  return { ...ownProcess(), id, version: '0.1.0', startedAt: time, heartbeatAt: time };
}

// biome-ignore lint/suspicious/noExplicitAny: tests look at answers of every form
export function bodyOf(answer: Response): Promise<any> {
  return answer.json();
}

export function job(build: BuildId, position = 1): JobId {
  return `${build}-${position}` as JobId;
}

/** As fetch, with a Host header of the test's own, and no redirect followed. */
export async function fetchAs(host: string, url: string, init: RequestInit = {}): Promise<Response> {
  const { method, headers, body } = new Request(url, init);
  const content = body === null ? undefined : Buffer.from(await new Response(body).arrayBuffer());
  return new Promise((resolve, reject) => {
    const client = request(url, { method, headers: { ...Object.fromEntries(headers), host } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        const status = answer.statusCode ?? 0;
        const given = new Headers();
        for (const [name, value] of Object.entries(answer.headersDistinct))
          for (const one of value ?? []) given.append(name, one);
        resolve(new Response([204, 304].includes(status) ? null : Buffer.concat(parts), { status, headers: given }));
      });
    });
    client.on('error', reject);
    client.end(content);
  });
}

/** A request with headers that fetch does not let a program set. */
export async function rawRequest(
  url: string,
  headers: { [name: string]: string },
): Promise<{ status: number; body: string; client: ClientRequest }> {
  return new Promise((resolve, reject) => {
    const client = request(url, { headers }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (text) => {
        body += text;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body, client }));
    });
    client.on('error', reject);
    client.end();
  });
}
