import * as z from 'zod';
import { projectSchema } from './project.ts';

/** The plan of a job that tests a project. The runner parses it. */
export const projectPlan = z.object({
  kind: z.literal('project'),
  project: projectSchema,
  /** sentences for the log: why these commands, and what was passed over */
  notes: z.array(z.string().max(10_000)).max(200),
  /** globs of reports that `.volt.yml` names, below the root of the repository */
  reports: z.array(z.string()).max(50),
  /** environment variables of `.volt.yml` */
  env: z.record(z.string(), z.string()),
});

export type ProjectPlan = z.infer<typeof projectPlan>;
