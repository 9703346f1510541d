import * as z from 'zod';
import * as shapes from '../../kernel/model/startable-shapes.ts';
import { name } from './registry.ts';

export const startable = name(
  'Startable',
  z.object({
    ref: z.string().meta({ description: 'full name' }),
    sha: z.string(),
    ...shapes.startableWorkflows.shape,
  }),
);
