import { join } from 'node:path';
import { Mirror } from '../git/mirror/mirror.ts';
import { noTestsMessage } from './discovery/discover.ts';
import type { Project } from './discovery/project.ts';
import { projectPlan } from './discovery/project-plan.ts';
import { statInside } from './files/inside.ts';
import type { JobInput, TestPlan } from './input-and-result.ts';
import type { StepContext } from './job-context.ts';
import type { JobLog } from './log.ts';
import { isThere } from './project-programs.ts';
import { readTree } from './read-tree.ts';
import type { ReportGlobs } from './reports/files.ts';
import { excerpt, StepFailed } from './step-failed.ts';
import { type ProjectJob, projectTools } from './tools/project-tools.ts';

/** What a job without a workflow runs. */
export interface TestCommands {
  /** with the folders that they run in */
  steps: readonly { name: string; command: string; folder: string }[];
  /** where the results of single tests are, beside what the tests print */
  reports: readonly ReportGlobs[];
  /** the project that is tested, if it is known */
  project?: Project;
  /** environment variables that the commit sets for them, and those by which they find their tools */
  env: { readonly [name: string]: string };
}

/**
 * What a job without a workflow runs, and says in the log why. Nothing of the commit has run yet.
 * @param around `context` has the environment that commands start from
 * @throws StepFailed if there is nothing to run, or a program is missing
 */
export async function testCommands(
  input: JobInput,
  plan: TestPlan,
  workspace: string,
  around: Pick<ProjectJob, 'context' | 'host' | 'log'>,
): Promise<TestCommands> {
  const { context, log } = around;
  if (plan.kind === 'command')
    return { steps: [{ name: 'test', command: plan.command, folder: workspace }], reports: [], env: {} };
  if (plan.kind === 'discover') {
    const project = await discovered(input, context, log);
    return ofProject(project, { workspace, env: context.env, ...around });
  }
  const parsed = projectPlan.safeParse(plan);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const message = `the plan of the job cannot be understood: ${issue?.path.join('.')}: ${issue?.message}`;
    throw new StepFailed('error', 'bad_message', message);
  }
  const { project, notes, env, reports } = parsed.data;
  for (const note of notes) void log.say(note);
  const commands = await ofProject(project, { workspace, env: { ...context.env, ...env }, ...around });
  const all = [...commands.reports, { folder: workspace, globs: reports }];
  return { ...commands, reports: all, env: { ...env, ...commands.env } };
}

/** The first project of the checkout. */
async function discovered(input: JobInput, context: StepContext, log: JobLog): Promise<Project> {
  const mirror = new Mirror(context.mirrors, input.repo.url, input.repo);
  const tree = await readTree(mirror, input.sha, { signal: context.signal, limits: context.gitLimits });
  const { projects, passedOver } = await context.texts.work('discover', tree, 'the search for tests', context.signal);
  for (const { because, why } of passedOver) void log.say(`passed over ${because}: ${why}`);
  const [found] = projects;
  if (!found) throw new StepFailed('error', 'no_tests_found', noTestsMessage(passedOver));
  return found;
}

async function ofProject(project: Project, job: ProjectJob): Promise<TestCommands> {
  const { workspace, host, log } = job;
  const { because, why, steps, reports } = project;
  const folder = join(workspace, project.folder);
  if (!statInside(workspace, folder)?.isDirectory())
    throw new StepFailed(
      'error',
      'no_tests_found',
      `the checkout has no folder ${project.folder}, which ${because} is in`,
    );
  const tools = await projectTools(project, job);
  const path = tools.PATH ?? job.env.PATH ?? '';
  const needed = steps.flatMap(({ command, programs }) => programs.map((program) => ({ command, program })));
  for (const { command, program } of needed) {
    if (await isThere(program, { workspace, folder: project.folder }, { host, path })) continue;
    const what = `${because} needs \`${excerpt(command, 300)}\`, but ${host.title} has no ${program}`;
    const remedy = 'or set another command: `command` in .volt.yml, or --command of the repository';
    throw new StepFailed('error', 'tool_missing', `${what}. ${host.install}, ${remedy}`);
  }
  void log.say(`found ${because}: ${steps.map(({ command }) => command).join(', then ')} (${why})`);
  return {
    steps: steps.map(({ name, command, inRoot }) => ({ name, command, folder: inRoot ? workspace : folder })),
    reports: [{ folder, globs: reports }],
    project,
    env: tools,
  };
}
