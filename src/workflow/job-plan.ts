import { parseCalled } from './called-file.ts';
import type { Deployment } from './environment.ts';
import type { NodeContexts } from './job-contexts.ts';
import { callOf, isWithinUsual, type Node, permissionsOf } from './node.ts';
import type { PlannedStep, WorkflowPlan } from './plan.ts';
import { secretNames, storeNames } from './secret-names.ts';
import { type Json, type Template, templatesIn, templatesInValue } from './template.ts';
import type { RunDefaults, StepsJob, Workflow, WorkflowSource } from './workflow.ts';

/** Names of the secrets of a job, which are the same for all jobs of its matrix. */
const named = new WeakMap<StepsJob, '*' | string[]>();

/** The plan of one job, as it is stored and sent. */
export function jobPlan(
  root: Workflow,
  workflow: Workflow,
  { job, deployment }: { job: StepsJob; deployment: Deployment | undefined },
  node: Node,
  contexts: NodeContexts,
  timeoutMinutes: number,
): WorkflowPlan {
  const { source } = workflow;
  const through = callOf(node)?.secrets ?? [];
  const defaults: RunDefaults = { ...workflow.defaults, ...job.defaults };
  const names = named.get(job) ?? secretNames(templatesOf(workflow, job, defaults));
  named.set(job, names);
  const permissions = permissionsOf(node, workflow, job);
  return {
    kind: 'workflow',
    ...(hasSiblings(job) ? { siblings: true as const } : job.container !== undefined && { containers: true as const }),
    workflow: {
      ...{ path: root.path, name: root.name },
      ...(source ? { source: sourceOf(workflow.path, source) } : workflow !== root && { called: workflow.path }),
    },
    key: job.id,
    steps: job.steps,
    env: { workflow: workflow.env, job: job.env },
    defaults,
    ...(job.container !== undefined && { container: job.container }),
    ...(job.services !== undefined && { services: job.services }),
    outputs: job.outputs,
    ...(deployment && { environment: { ...deployment, secrets: names } }),
    timeoutMinutes,
    contexts: contexts as { [Name in keyof NodeContexts]: NodeContexts[Name] & { [key: string]: Json } },
    secrets: { names: storeNames(names, through), through },
    ...(permissions && { permissions, ...(isWithinUsual(node) && { withinUsual: true as const }) }),
  };
}

function hasSiblings({ services, steps }: StepsJob): boolean {
  return services !== undefined || steps.some(({ uses }) => uses?.startsWith('docker://'));
}

function sourceOf(file: string, { repository, ref, sha }: WorkflowSource) {
  return { repository, ref, sha, path: parseCalled(file)?.path ?? file };
}

function* templatesOf(workflow: Workflow, job: StepsJob, defaults: RunDefaults): Generator<Template> {
  for (const map of [workflow.env, job.env, job.outputs, defaults.run]) yield* templatesIn(map);
  for (const value of [job.container, job.services]) yield* templatesInValue(value);
  for (const template of [defaults.shell, defaults.workingDirectory]) if (template !== undefined) yield template;
  for (const step of job.steps) yield* stepTemplates(step);
}

function* stepTemplates(step: PlannedStep): Generator<Template> {
  const { name, run, shell, workingDirectory, continueOnError, timeoutMinutes } = step;
  for (const template of [name, run, shell, workingDirectory, continueOnError, timeoutMinutes]) {
    if (template !== undefined) yield template;
  }
  for (const map of [step.with, step.env]) yield* templatesIn(map);
  yield [{ expression: step.if }];
}
