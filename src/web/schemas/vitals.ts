import * as z from 'zod';
import { time } from '../../kernel/model/shapes.ts';
import { name } from './registry.ts';

export const vitals = name(
  'Vitals',
  z
    .object({
      memory: z.number().meta({ description: 'resident memory in bytes' }),
      cpu: z.number().meta({ description: 'processor time since the start, in seconds' }),
      lag: z.number().meta({ description: 'longest delay of the event loop within the last seconds, in milliseconds' }),
      reconnects: z.number().meta({ description: 'how often the connection to Redis was lost and restored' }),
      diskFree: z.number().nullable().meta({ description: 'bytes free on the disk of the data directory' }),
      diskLow: z.boolean().meta({ description: 'less is free than VOLT_DISK_FLOOR requires' }),
      clockAhead: z.number().optional().meta({
        description:
          "milliseconds by which its machine's clock is ahead of the Redis server's, to which all times of Volt refer",
      }),
      warnings: z.object({
        count: z.number(),
        last: z
          .object({
            at: time,
            level: z.string(),
            message: z.string(),
            about: z
              .record(z.string(), z.string())
              .meta({ description: 'what it is about: repo, build, job, attempt, runner' }),
          })
          .nullable(),
      }),
    })
    .meta({ description: 'measurements of a process' }),
);
