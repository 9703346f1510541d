import { VoltError } from '../../kernel/errors.ts';
import { listRunners } from '../../redis/membership.ts';
import { askRedis, systemStatus } from '../status.ts';
import { followChanges } from '../streams/changes.ts';
import { contentRoute, jsonRoute } from './route.ts';
import { runnerList, systemStatus as systemStatusSchema } from './schemas.ts';

const runners = jsonRoute({
  method: 'get',
  path: '/runners',
  summary: 'The runners that are alive',
  answer: runnerList,
  errors: ['redis_unreachable'],
  handle: async (_, web) => {
    const found = await askRedis(web, () => listRunners(web.access));
    if (!found) {
      throw new VoltError('redis_unreachable', 'Redis does not answer, so the runners are not known', {
        remedy: 'Start the Redis server again.',
      });
    }
    return { runners: found.alive, next: null };
  },
});

const status = jsonRoute({
  method: 'get',
  path: '/status',
  summary: 'Health of every stage, depths of the queues, and what is not as it should be',
  answer: systemStatusSchema,
  handle: async (_, web) => systemStatus(web),
});

const events = contentRoute({
  method: 'get',
  path: '/events',
  summary: 'Changes of builds, as they happen',
  content: { 'text/event-stream': 'events whose data is a Change as JSON' },
  handle: async (_, _context, web) => web.streams.answer(followChanges(web.notices)),
});

export const systemRoutes = [runners, status, events];
