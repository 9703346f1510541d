import { join } from 'node:path';
import type { Project } from '../discovery/project.ts';
import { runQuietly } from '../installs/install-job.ts';
import type { StepContext } from '../job-context.ts';
import type { JobLog } from '../log.ts';
import type { TestHost } from '../test-host.ts';
import { chooseTools } from './choose-tools.ts';
import { withCorepack } from './corepack.ts';

/** The job that tests a project, of which nothing has run yet. */
export interface ProjectJob {
  /** the checkout */
  workspace: string;
  /** the environment of its commands */
  env: Readonly<Record<string, string>>;
  context: StepContext;
  /** where its commands run */
  host: TestHost;
  log: JobLog;
}

/**
 * Finds the tools of a project: in the versions that it asks for, as far as the machine or the image has them, and package managers of
 * Node by corepack. The log says what was chosen, and what is used instead.
 * @returns variables for its commands, `PATH` among them
 */
export async function projectTools(project: Project, job: ProjectJob): Promise<Record<string, string>> {
  const { env, context, host, log } = job;
  const cwd = join(job.workspace, project.folder);
  const run = (argv: readonly string[]) => runQuietly(job, argv, { cwd, env });
  const chosen = await chooseTools({ tools: project.tools, path: env.PATH ?? '', host, run });
  for (const notice of chosen.notices) void log.say(notice);
  const programs = project.steps.flatMap((step) => step.programs);
  const corepack = await withCorepack(programs, join(context.folder, 'temp'), { path: chosen.path, host, run });
  if (corepack) void log.say(`corepack brings ${corepack.managers.join(' and ')}, which ${host.title} does not have`);
  return { ...chosen.env, PATH: corepack?.path ?? chosen.path, ...corepack?.env };
}
