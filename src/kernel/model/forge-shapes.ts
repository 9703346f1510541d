import * as z from 'zod';
import { type ForgeKind, forgeKinds } from '../forge-kinds.ts';
import { forgeReports } from '../forge-report.ts';
import { time } from './shapes.ts';

/** What people see of a forge that gets statuses; each shape is declared here only. */
export const forge = z.object({
  name: z.string(),
  kind: z.enum(Object.keys(forgeKinds) as [ForgeKind, ...ForgeKind[]]),
  api: z.string().meta({ description: 'address of its API' }),
  app: z
    .object({ id: z.number().int(), page: z.string().nullable().meta({ description: 'its page at GitHub, if known' }) })
    .nullable()
    .meta({ description: 'the GitHub App that Volt is there; null where Volt has an access token' }),
  repos: z.array(z.string()).meta({
    description:
      'patterns of the repositories that it is for, or NAME=PROJECT where the address of a repository does not tell its project; empty for all at its host',
  }),
  report: z.enum(forgeReports).meta({ description: 'what has a status of its own beside the build' }),
  givesJobToken: z.boolean().meta({ description: 'whether jobs of its repositories get a token as GITHUB_TOKEN' }),
  waiting: z.number().int().meta({ description: 'statuses that it has not accepted yet' }),
  createdBy: z.string(),
  createdAt: time,
  checkedAt: time
    .nullable()
    .meta({ description: 'when Volt has found that the token may set statuses; nothing is sent before' }),
  problem: z
    .object({ code: z.string(), message: z.string(), remedy: z.string(), since: time })
    .nullable()
    .meta({ description: 'what holds up its statuses' }),
});
export type Forge = z.output<typeof forge>;
