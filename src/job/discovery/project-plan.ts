import * as z from 'zod';
import type { ImageSource, JobInput } from '../input-and-result.ts';
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

/** The plan of a project's job, in the first image that is named. */
export function inImage(
  plan: ProjectPlan,
  { person, repository, file }: { readonly [From in ImageSource]?: string | undefined },
): JobInput['plan'] {
  if (person !== undefined) return { kind: 'image', image: person, from: 'person', plan };
  if (repository !== undefined) return { kind: 'image', image: repository, from: 'repository', plan };
  return file === undefined ? plan : { kind: 'image', image: file, from: 'file', plan };
}
