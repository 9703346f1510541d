import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, extname, join, normalize } from 'node:path';
import type { BaseAdapter } from '@bull-board/api/baseAdapter';
import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { isJobQueue, jobQueue } from '../../queues/names.ts';
import { servesQueue } from '../../queues/queue-labels.ts';
import { listRunners } from '../../redis/membership.ts';
import { isReading } from '../access/csrf.ts';
import type { WebEnv } from '../access/env.ts';
import { cacheControl, contentTypes } from '../http/assets.ts';
import { nothingHere } from '../http/errors.ts';
import type { Web } from '../services.ts';
import { queueNames } from '../status/queue-names.ts';
import { boardBar } from './bar.tsx';

/** Path of the board. */
const base = '/queues';

interface Board {
  fetch(request: Request): Response | Promise<Response>;
  /** gives the board all current queues */
  refresh(): Promise<void>;
}

/** Bull Board for all queues, for administrators only. The first request loads its packages, to save memory until then. */
export function queueBoard(web: Web) {
  let board: Promise<Board> | undefined;
  const open = (): Promise<Board> => {
    board ??= openBoard(web).catch((error) => {
      board = undefined;
      throw error;
    });
    return board;
  };
  return async (context: Context<WebEnv>): Promise<Response> => {
    const path = context.req.path.slice(base.length).replace(/^\/?/, '/');
    if (path.startsWith('/static/')) return staticFile(context, path.slice('/static/'.length));
    if (!isReading(context) && writesMessages.test(path)) throw cannotWrite();
    const board = await open();
    await board.refresh();
    const answer = await board.fetch(await requestTo(context, path));
    if (!answer.headers.get('content-type')?.includes('text/html')) return answer;
    return framed(answer, await web.assets.url('board.css'));
  };
}

/** Requests that write the page's form of a message to a queue. The page has a part of it, so the rest would be lost. */
const writesMessages = /\/(add|update-data)$|\/job-schedulers\/[^/]*$/;

function cannotWrite(): VoltError {
  return new VoltError(
    'bad_request',
    'the queue board cannot add or change messages, because it does not show all of a message',
    {
      remedy: 'Retry or remove messages here; start builds with `volt trigger` and `volt retry`.',
    },
  );
}

async function openBoard(web: Web): Promise<Board> {
  const [{ createBullBoard }, { BullMQAdapter }, { HonoAdapter }] = await Promise.all([
    import('@bull-board/api'),
    import('@bull-board/api/bullMQAdapter'),
    import('@bull-board/hono'),
  ]);
  // Volt serves the static files itself, so the adapter's handler is never called
  const server = new HonoAdapter(() => async (_: unknown, next: () => Promise<void>) => next());
  server.setBasePath(base);
  const { replaceQueues } = createBullBoard({
    queues: [],
    serverAdapter: server,
    options: { uiConfig: { boardTitle: 'Volt queues' } },
  });
  const app = server.registerPlugin();
  const adapters = new Map<string, BaseAdapter>();
  const adapterOf = (name: string): BaseAdapter => {
    let adapter = adapters.get(name);
    if (!adapter) {
      adapter = new BullMQAdapter(web.queues.queue(name));
      for (const field of ['data', 'returnValue', 'progress'] as const) adapter.setFormatter(field, redacted);
      if (isJobQueue(name)) adapter.getWorkers = () => runnersServing(web, name);
      adapters.set(name, adapter);
    }
    return adapter;
  };
  return {
    fetch: (request) => app.fetch(request),
    refresh: async () => replaceQueues((await queueNames(web)).map(adapterOf)),
  };
}

type Workers = Awaited<ReturnType<BaseAdapter['getWorkers']>>;

/** The runners that serve a queue of jobs, as the board's workers. BullMQ does not know them: a runner serves many queues. */
async function runnersServing({ access, queues }: Web, name: string): Promise<Workers> {
  const [sets, { alive }] = await Promise.all([queues.labelSets(), listRunners(access)]);
  const labels = sets.find((set) => jobQueue(set) === name) ?? [];
  const serving = alive.filter((runner) => servesQueue(runner, labels));
  return serving.map((runner) => ({
    id: runner.id,
    name: runner.name,
    addr: `${runner.host} (process ${runner.pid})`,
    age: Math.round((serverNow() - Date.parse(runner.startedAt)) / 1000),
  }));
}

/** The request with a path relative to the board. */
async function requestTo(context: Context<WebEnv>, path: string): Promise<Request> {
  const url = new URL(context.req.url);
  const { method } = context.req;
  const headers = { 'content-type': context.req.header('content-type') ?? '' };
  const body = method === 'GET' || method === 'HEAD' ? null : await context.req.text();
  return new Request(`${url.origin}${path}${url.search}`, { method, headers, body });
}

async function staticFile(context: Context<WebEnv>, path: string): Promise<Response> {
  const root = join(dirname(createRequire(import.meta.url).resolve('@bull-board/ui/package.json')), 'dist', 'static');
  const file = normalize(join(root, path));
  const type = contentTypes[extname(file)];
  const content = file.startsWith(`${root}/`) && type ? await readFile(file).catch(() => undefined) : undefined;
  if (!content || !type) return nothingHere(context);
  // such a name contains a hash of the content
  const kept = cacheControl(/\.[0-9a-f]{10}\./.test(file));
  return context.body(Uint8Array.from(content), 200, { 'content-type': type, 'cache-control': kept });
}

/**
 * The page with Volt's navigation bar above it, and without what the headers forbid: its link to fonts of another server
 * and its inline styles.
 */
async function framed(answer: Response, style: string): Promise<Response> {
  const page = (await answer.text())
    .replace(/<link href="https?:\/\/[^>]*>/g, '')
    .replace(/<style>[^<]*<\/style>/g, '')
    .replace(/(<(?:div|span)) style="[^"]*"/g, '$1')
    .replace('</head>', `<link rel="stylesheet" href="${style}"></head>`)
    .replace(/<body[^>]*>/, (body) => body + boardBar());
  return new Response(page, {
    status: answer.status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' },
  });
}

/** The fields of messages that the board shows. It hides plans, variables, inputs and payloads. */
const shownFields = new Set([
  ...['v', 'kind', 'repo', 'ref', 'sha', 'trigger', 'cause', 'build', 'job', 'attempt', 'name', 'labels', 'timeout'],
  ...['status', 'reason', 'exitCode', 'runner', 'revision', 'logBytes', 'at', 'committedAt', 'startedAt', 'finishedAt'],
]);

/** A message with the values of hidden fields replaced. */
function redacted(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return data == null || typeof data === 'number' ? data : '(not shown)';
  return Object.fromEntries(
    Object.entries(data).map(([field, value]) => [field, shownFields.has(field) ? plainly(value) : '(not shown)']),
  );
}

/** A repository or a runner by its name, a list of texts, or a plain value. */
function plainly(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((one) => typeof one === 'string');
  if (typeof value !== 'object' || value === null) return value;
  return 'name' in value && typeof value.name === 'string' ? value.name : '(not shown)';
}
