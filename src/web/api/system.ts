import * as z from 'zod';
import { systemStatus as systemStatusSchema } from '../schemas/system.ts';
import { systemStatus } from '../status/system-status.ts';
import { answerStream } from '../streams/answer.ts';
import { followChanges } from '../streams/changes.ts';
import { contentRoute, jsonRoute } from './route.ts';

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

export const systemRoutes = [status, events];
