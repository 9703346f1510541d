import * as z from 'zod';
import { readIntent } from '../access/readable.ts';
import { accepted, intent } from '../schemas/intents.ts';
import { jsonRoute } from './route.ts';

/** What the routes have in common that record a request, which a stage then carries out. */
export const asRequest = { method: 'post', role: 'run', status: 202, answer: accepted } as const;

const one = jsonRoute({
  method: 'get',
  path: '/intents/:id',
  summary: 'The outcome of a request to trigger, cancel or retry',
  params: z.object({ id: z.coerce.number().int().min(1) }),
  answer: intent,
  errors: ['not_found'],
  handle: async ({ params, requester: { reader } }, { database }) => {
    const found = await readIntent(database, reader, params.id);
    const { id, kind, open, build, madeBuild, error } = found;
    return { id, kind, open, build: madeBuild ?? build, error };
  },
});

export const intentRoutes = [one];
