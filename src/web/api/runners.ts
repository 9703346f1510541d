import * as z from 'zod';
import { VoltError } from '../../kernel/errors.ts';
import { drain, resume } from '../requests/runners.ts';
import { drainRequest, runnerList } from '../schemas/runners.ts';
import { done } from '../schemas/terms.ts';
import { readFleet } from '../status/fleet.ts';
import { pageOfRunners } from '../status/runner-list.ts';
import { jsonRoute } from './route.ts';

const list = jsonRoute({
  method: 'get',
  path: '/runners',
  summary: 'The connected runners, and the drained ones that are not connected',
  query: z.object({
    text: z.string().min(1).max(256).optional().meta({ description: 'part of the name or the machine' }),
    label: z.string().min(1).max(256).optional().meta({ description: 'only runners with this label' }),
    limit: z.coerce.number().int().min(1).max(500).default(50),
    after: z.string().min(1).max(300).optional().meta({ description: 'only runners after the one with this id' }),
  }),
  answer: runnerList,
  errors: ['redis_unreachable'],
  handle: async ({ query, requester: { reader } }, web) => {
    const fleet = await readFleet(web, reader);
    if (fleet) return { ...pageOfRunners(fleet.runners, query), away: fleet.away };
    throw new VoltError('redis_unreachable', 'Redis does not answer, so the runners are unknown', {
      remedy: 'Start the Redis server again.',
    });
  },
});

const runnerName = z.object({ name: z.string().min(1).max(256) });

const draining = jsonRoute({
  method: 'post',
  path: '/runners/:name/drain',
  summary: 'Let a runner finish its jobs and take no others until it is resumed',
  params: runnerName,
  body: drainRequest,
  answer: done,
  errors: ['not_found'],
  handle: async ({ params, body, requester: { caller } }, web) => {
    await drain(web, params.name, { by: caller?.name ?? '', reason: body.reason });
    return { done: true as const };
  },
});

const resuming = jsonRoute({
  method: 'post',
  path: '/runners/:name/resume',
  summary: 'Let a drained runner take jobs again',
  params: runnerName,
  answer: done,
  errors: ['not_found'],
  handle: async ({ params }, web) => {
    await resume(web, params.name);
    return { done: true as const };
  },
});

export const runnerRoutes = [list, draining, resuming];
