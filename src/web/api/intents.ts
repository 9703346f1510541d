import { z } from 'zod';
import { VoltError } from '../../kernel/errors.ts';
import { findIntent } from '../../record/intents.ts';
import { jsonRoute } from './route.ts';
import { intent } from './schemas/intents.ts';

const one = jsonRoute({
  method: 'get',
  path: '/intents/:id',
  summary: 'What has become of a request',
  params: z.object({ id: z.coerce.number().int().min(1) }),
  answer: intent,
  errors: ['not_found'],
  handle: async ({ params }, { record }) => {
    const found = await findIntent(record, params.id);
    if (!found) {
      throw new VoltError('not_found', `there is no request ${params.id}`, {
        remedy: 'Use the id that the request was answered with.',
      });
    }
    const { id, kind, open, build, madeBuild, error } = found;
    return { id, kind, open, build: madeBuild ?? build, error };
  },
});

export const intentRoutes = [one];
