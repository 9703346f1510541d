import { callOf, keyOf, type Node } from './node.ts';
import type { Workflow, WorkflowJob } from './workflow.ts';

/** Longest name of a job, in characters. */
const longest = 500;

/**
 * A job's name as GitHub shows it: `call / test (18, linux)`. A name that holds an expression tells the combination by
 * itself.
 * @param evaluated the `name` of the job, where it has one
 */
export function jobName(node: Node, job: WorkflowJob, evaluated: string | undefined): string {
  const own = evaluated === undefined || evaluated.trim() === '' ? keyOf(node.path) : evaluated.trim();
  const label = typeof job.name === 'object' ? '' : (node.cell?.label ?? '');
  const name = label === '' ? own : `${own} (${label})`;
  const call = callOf(node);
  return (call ? `${call.name} / ${name}` : name).slice(0, longest);
}

/** A job's name before its expressions can be evaluated. */
export function earlyName(node: Node, job: WorkflowJob): string {
  return jobName(node, job, typeof job.name === 'string' ? job.name : undefined);
}

/** The first places of a workflow that runs: each of its jobs, as its file has it. */
export function firstPlaces({ path: file, jobs }: Workflow): { node: Node; name: string; needs: string[] }[] {
  const places = jobs.map((job) => {
    const node = { file, path: job.id };
    return { job, node, name: earlyName(node, job) };
  });
  return places.map(({ job, node, name }) => {
    const needs = places.filter((place) => job.needs.includes(place.job.id)).map((place) => place.name);
    return { node, name, needs };
  });
}
