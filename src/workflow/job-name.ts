import { callOf, keyOf, type Node } from './node.ts';
import type { Workflow, WorkflowJob } from './workflow.ts';

/** The most characters of a job's name. */
const longest = 500;

/**
 * A job's name as GitHub shows it: `call / test (18, linux)`. A name with an expression gets no matrix values appended.
 * @param evaluated the `name` of the job, if it has one
 */
export function jobName(node: Node, job: WorkflowJob, evaluated: string | undefined): string {
  const own = evaluated === undefined || evaluated.trim() === '' ? keyOf(node.path) : evaluated.trim();
  const label = typeof job.name === 'object' ? '' : (node.cell?.label ?? '');
  const name = label === '' ? own : `${own} (${label})`;
  const call = callOf(node);
  return (call ? `${call.name} / ${name}` : name).slice(0, longest);
}

/** A job's name before its expressions are evaluated. */
export function earlyName(node: Node, job: WorkflowJob): string {
  return jobName(node, job, typeof job.name === 'string' ? job.name : undefined);
}

/** The nodes of a workflow at its start: one for each job in the file. */
export function initialNodes({ path: file, jobs }: Workflow): { node: Node; name: string; needs: string[] }[] {
  const nodes = jobs.map((job) => {
    const node = { file, path: job.id };
    return { job, node, name: earlyName(node, job) };
  });
  return nodes.map(({ job, node, name }) => {
    const needs = nodes.filter((other) => job.needs.includes(other.job.id)).map((other) => other.name);
    return { node, name, needs };
  });
}
