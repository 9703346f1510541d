import * as z from 'zod';
import { buildId } from '../../kernel/model/shapes.ts';
import { mostAtOnce } from '../../record/many-builds.ts';
import { name } from './registry.ts';
import { repositoryName } from './terms.ts';

const builds = z
  .array(buildId)
  .max(mostAtOnce)
  .optional()
  .meta({
    description: `only these of them, such as those that a person has seen; by default the newest ${mostAtOnce}`,
  });

export const cancelQueuedRequest = name(
  'CancelQueuedRequest',
  z.object({ repo: repositoryName, branch: z.string().min(1).max(1024), builds }),
);

export const retryErrorsRequest = name(
  'RetryErrorsRequest',
  z.object({
    since: z.iso.datetime({ offset: true }).meta({ description: 'when the oldest of them has ended at the earliest' }),
    repo: repositoryName.optional().meta({ description: 'by default all repositories that the token covers' }),
    builds,
  }),
);

export const requestedOfMany = name(
  'RequestedOfMany',
  z.object({
    builds: z
      .array(
        z.object({
          id: z.string(),
          repo: z.string(),
          number: z.number().int(),
          intent: z.number().int().meta({ description: 'id of the request, see /intents/{id}' }),
        }),
      )
      .meta({ description: `at most ${mostAtOnce}, newest first` }),
    left: z.number().int().meta({ description: 'how many others fit; send the request again for them' }),
  }),
);
