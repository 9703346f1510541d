import * as z from 'zod';
import { VoltError } from '../../kernel/errors.ts';
import { listRunners } from '../../redis/membership.ts';
import { runnerList, systemStatus as systemStatusSchema } from '../schemas/system.ts';
import { askRedis } from '../status/ask-redis.ts';
import { redact } from '../status/redact.ts';
import { pageOfRunners } from '../status/runner-list.ts';
import { systemStatus } from '../status/system-status.ts';
import { answerStream } from '../streams/answer.ts';
import { followChanges } from '../streams/changes.ts';
import { contentRoute, jsonRoute } from './route.ts';

const runners = jsonRoute({
  method: 'get',
  path: '/runners',
  summary: 'The alive runners',
  query: z.object({
    text: z.string().min(1).max(256).optional().meta({ description: 'part of the name or the machine' }),
    label: z.string().min(1).max(256).optional().meta({ description: 'only runners with this label' }),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    after: z.string().min(1).max(300).optional().meta({ description: 'only runners after the one with this id' }),
  }),
  answer: runnerList,
  errors: ['redis_unreachable'],
  handle: async ({ query, requester: { reader } }, web) => {
    const found = await askRedis(web, () => listRunners(web.access));
    if (!found) {
      throw new VoltError('redis_unreachable', 'Redis does not answer, so the runners are unknown', {
        remedy: 'Start the Redis server again.',
      });
    }
    return pageOfRunners(await redact(web.database, reader, found.alive), query);
  },
});

const status = jsonRoute({
  method: 'get',
  path: '/status',
  summary: 'Health of every stage, depths of the queues, and problems',
  answer: systemStatusSchema,
  handle: async ({ requester: { reader } }, web) => systemStatus(web, reader),
});

const events = contentRoute({
  method: 'get',
  path: '/events',
  summary: 'Changes of builds, as they happen',
  query: z.object({
    after: z.coerce
      .number()
      .int()
      .min(0)
      .optional()
      .meta({ description: 'like Last-Event-ID, which overrides it, for clients that cannot send headers' }),
  }),
  headers: { 'Last-Event-ID': 'id of the last event that the client has: it gets all changes since then' },
  content: {
    'text/event-stream':
      'events whose data is a Change as JSON, only the last of several changes of a build; `reset`: the given id is of another database, so fetch everything again',
  },
  handle: async ({ query, requester: { reader } }, context, web) => {
    const last = /^\d{1,15}$/.exec(context.req.header('last-event-id') ?? '')?.[0];
    const changes = await followChanges(web, reader, last === undefined ? query.after : Number(last));
    return answerStream(context, web, changes);
  },
});

export const systemRoutes = [runners, status, events];
