import type { Context } from 'hono';
import * as z from 'zod';
import { logFile, logTimesFile } from '../../kernel/data-paths.ts';
import { VoltError } from '../../kernel/errors.ts';
import { jobId } from '../../kernel/model/shapes.ts';
import { type AttemptRef, buildIdOf, type JobId } from '../../kernel/model.ts';
import type { WebEnv } from '../access/env.ts';
import { readBuild, readJob } from '../access/readable.ts';
import type { Requester } from '../access/requester.ts';
import { timesOf } from '../logs/line-times.ts';
import { fileBytes, logSize } from '../logs/log-file.ts';
import { longestPattern } from '../logs/pattern.ts';
import { refuseRemoved } from '../logs/removed-log.ts';
import { approveJob } from '../requests/approvals.ts';
import { cancelJob, retryJob } from '../requests/builds.ts';
import { approved, approveRequest } from '../schemas/approvals.ts';
import { logHits, logLines } from '../schemas/logs.ts';
import type { Web } from '../services.ts';
import { answerStream } from '../streams/answer.ts';
import { followLog } from '../streams/follow.ts';
import { byteRange } from './byte-range.ts';
import { asRequest } from './intents.ts';
import { contentRoute, jsonRoute } from './route.ts';

const cancel = jsonRoute({
  ...asRequest,
  path: '/jobs/:id/cancel',
  summary: 'Cancel a job',
  params: z.object({ id: jobId }),
  errors: ['not_found', 'conflict'],
  handle: async ({ params, requester }, web) => ({ intent: await cancelJob(web, requester, params.id) }),
});

const retry = jsonRoute({
  ...asRequest,
  path: '/jobs/:id/retry',
  summary: 'Run a job of a final build again, and the jobs that depend on it',
  params: z.object({ id: jobId }),
  errors: ['not_found', 'conflict'],
  handle: async ({ params, requester }, web) => ({ intent: await retryJob(web, requester, params.id) }),
});

const approve = jsonRoute({
  method: 'post',
  role: 'approve',
  path: '/jobs/:id/approve',
  summary: 'Approve or decline a job that waits for approval',
  params: z.object({ id: jobId }),
  body: approveRequest,
  auditedAs: ({ decline }) => (decline ? 'jobs.decline' : undefined),
  answer: approved,
  errors: ['not_found', 'conflict'],
  handle: async ({ params, body, requester }, web) => ({ jobs: await approveJob(web, requester, params.id, body) }),
});

const attemptQuery = z.coerce
  .number()
  .int()
  .min(1)
  .optional()
  .meta({ description: 'number of the attempt; the current one by default' });

const log = contentRoute({
  method: 'get',
  path: '/jobs/:id/log',
  summary: 'The log of a job, as its raw bytes or as a stream of events while it grows',
  params: z.object({ id: jobId }),
  query: z.object({
    attempt: attemptQuery,
    follow: z.enum(['0', '1']).default('0').meta({ description: '1 for a stream of events' }),
    from: z.coerce
      .number()
      .int()
      .min(0)
      .default(0)
      .meta({ description: 'with follow: position in bytes to begin at; Last-Event-ID overrides it' }),
  }),
  headers: {
    Range: 'a single range of bytes, RFC 9110 section 14',
    'Last-Event-ID': 'with follow: position in bytes to continue from, the id of the last chunk',
  },
  content: {
    'text/plain': 'the bytes of the log',
    'text/event-stream':
      '`chunk` (id: position in bytes after it, data: JSON string of the text), `attempt` (data: {attempt}; the job has a further attempt, whose log begins at 0), `end` (data: LogEnd; the job is final and the whole log was sent)',
  },
  partial: true,
  errors: ['not_found', 'log_removed'],
  handle: async ({ params, query, requester }, context, web) => {
    const { attempt } = await chosenLog(web, requester, params.id, query.attempt);
    if (query.follow === '1') {
      const last = /^\d{1,15}$/.exec(context.req.header('last-event-id') ?? '')?.[0];
      return answerStream(
        context,
        web,
        followLog(web, requester.reader, params.id, {
          attempt,
          offset: last === undefined ? query.from : Number(last),
        }),
      );
    }
    return wholeLog(context, web, params.id, attempt);
  },
});

async function wholeLog(context: Context<WebEnv>, web: Web, job: JobId, attempt: number): Promise<Response> {
  const file = logFile(web.config.dataDir, { job, attempt });
  const size = await logSize(file);
  if (size === 0)
    refuseRemoved(await readBuild(web.database, context.get('reader'), buildIdOf(job)), web.config.keepLogDays);
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    'accept-ranges': 'bytes',
    'cache-control': 'no-store, no-transform',
  };
  const range = byteRange(context.req.header('range'), size);
  if (range === 'unsatisfiable')
    return new Response(null, { status: 416, headers: { ...headers, 'content-range': `bytes */${size}` } });
  const { start, end } = range ?? { start: 0, end: size };
  const length = { ...headers, 'content-length': String(end - start) };
  const body = start < end ? fileBytes(file, start, end) : null;
  if (!range) return new Response(body, { headers: length });
  return new Response(body, {
    status: 206,
    headers: { ...length, 'content-range': `bytes ${start}-${end - 1}/${size}` },
  });
}

/** The requested attempt of a job, and its log file. */
async function chosenLog(web: Web, { reader }: Requester, id: JobId, asked: number | undefined) {
  const job = await readJob(web.database, reader, id);
  const current = Math.max(job.attempt, 1);
  const attempt = asked ?? current;
  if (attempt > current) {
    throw new VoltError('not_found', `job ${id} has no attempt ${attempt}`, {
      remedy: job.attempt === 0 ? 'The job has not started.' : `It has attempts 1 to ${current}.`,
    });
  }
  return { attempt, file: logFile(web.config.dataDir, { job: id, attempt }) };
}

const lines = jsonRoute({
  method: 'get',
  path: '/jobs/:id/log/lines',
  summary: 'Lines of the log of a job, as a terminal shows them',
  params: z.object({ id: jobId }),
  query: z.object({
    attempt: attemptQuery,
    from: z.coerce
      .number()
      .int()
      .default(-500)
      .meta({ description: 'number of the first line, from 0; a negative number counts from the end' }),
    count: z.coerce.number().int().min(0).max(1000).default(500),
  }),
  answer: logLines,
  errors: ['not_found'],
  handle: async ({ params, query, requester }, web) => {
    const { attempt, file } = await chosenLog(web, requester, params.id, query.attempt);
    const found = await web.lines.of(file).window(query.from, query.count);
    return { attempt, ...found, lines: await withTimes(web, { job: params.id, attempt }, found.lines) };
  },
});

/** Adds to lines when they arrived. */
async function withTimes<T extends { start: number }>(web: Web, ref: AttemptRef, lines: readonly T[]) {
  const starts = lines.map(({ start }) => start);
  const times = await timesOf(logTimesFile(web.config.dataDir, ref), starts);
  const at = (time: number | null | undefined) => (time == null ? null : new Date(time).toISOString());
  return lines.map((line, index) => ({ ...line, at: at(times[index]) }));
}

const flag = z.enum(['0', '1']).default('0');

const search = jsonRoute({
  method: 'get',
  path: '/jobs/:id/log/search',
  summary: 'Lines of the log of a job that contain a text or match a regular expression',
  params: z.object({ id: jobId }),
  query: z.object({
    attempt: attemptQuery,
    q: z.string().min(1).max(longestPattern),
    regex: flag.meta({ description: '1 if q is a regular expression of JavaScript, matched within single lines' }),
    case: flag.meta({ description: '1 if upper and lower case differ' }),
    limit: z.coerce.number().int().min(1).max(1000).default(100),
    position: z.coerce.number().int().min(0).default(0).meta({ description: '`next.position` of the answer before' }),
    line: z.coerce.number().int().min(0).default(0).meta({ description: '`next.line` of the answer before' }),
  }),
  answer: logHits,
  errors: ['not_found', 'rate_limited', 'timed_out'],
  handle: async ({ params, query, requester }, web) => {
    const { attempt, file } = await chosenLog(web, requester, params.id, query.attempt);
    const { q, limit, position, line } = query;
    const pattern = { text: q, regex: query.regex === '1', matchCase: query.case === '1' };
    const found = await web.searches.find(file, { pattern, limit, from: { position, line } }, params.id);
    return { attempt, ...found, hits: await withTimes(web, { job: params.id, attempt }, found.hits) };
  },
});

export const jobRoutes = [cancel, retry, approve, log, lines, search];
