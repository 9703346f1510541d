import * as z from 'zod';
import { name } from './registry.ts';

export const triggerRequest = name(
  'TriggerRequest',
  z.object({
    ref: z.string().max(1024).optional().meta({ description: 'branch, tag or commit; the default branch by default' }),
    workflow: z
      .string()
      .min(1)
      .max(300)
      .optional()
      .meta({ description: 'run only this workflow, by its `workflow_dispatch`: its file or its name' }),
    inputs: z
      .record(z.string().max(100), z.string().max(65_535))
      .refine((inputs) => Object.keys(inputs).length <= 25, 'has more than 25 inputs')
      .optional()
      .meta({ description: 'inputs of that workflow, as text' }),
  }),
);

export const dispatchRequest = name(
  'DispatchRequest',
  z.object({
    event_type: z.string().min(1).max(100).meta({ description: 'a name in `types` of `repository_dispatch`' }),
    client_payload: z
      .record(z.string(), z.unknown())
      .refine((payload) => JSON.stringify(payload).length <= 65_535, 'is larger than 64 KB')
      .optional()
      .meta({ description: '`github.event.client_payload`' }),
  }),
);

export const retryRequest = name(
  'RetryRequest',
  z.object({
    failed: z.boolean().default(false).meta({
      description: 'only jobs that failed, ended in an error or were cancelled, and jobs that depend on them',
    }),
  }),
);

export const accepted = name(
  'Accepted',
  z.object({ intent: z.number().int().meta({ description: 'id of the request, see /intents/{id}' }) }),
);

export const intent = name(
  'Intent',
  z.object({
    id: z.number().int(),
    kind: z.enum(['trigger', 'cancel', 'retry']),
    open: z.boolean().meta({ description: 'whether it is still to be done' }),
    build: z
      .string()
      .nullable()
      .meta({ description: 'the build that a trigger made, or that a cancel or retry is about' }),
    error: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).nullable(),
  }),
);
