import { type Diagnostic, nearest } from './diagnostics.ts';
import type { CallInterface, CallJob, Workflow } from './workflow.ts';

/** How many workflows may call one another in a row, the first included; as on GitHub. */
const deepestCall = 10;

/** What is wrong with the calls of a workflow, given all workflows of the commit by path. */
export function checkCalls(workflow: Workflow, all: ReadonlyMap<string, Workflow>): Diagnostic[] {
  return workflow.jobs.flatMap((job) => {
    if (job.kind !== 'call' || job.unsupported !== undefined) return [];
    return problemsOf(workflow, job, all).map((message) => ({
      file: workflow.path,
      ...job.place,
      severity: 'invalid' as const,
      message: `the job "${job.id}" ${message}`,
    }));
  });
}

function problemsOf(caller: Workflow, job: CallJob, all: ReadonlyMap<string, Workflow>): string[] {
  const called = all.get(job.uses);
  if (!called) return [`calls ${job.uses}, which is not there or not valid`];
  const face = called.on.workflow_call;
  if (!face) return [`calls ${job.uses}, which cannot be called: it has no \`on: workflow_call\``];
  const chain = circle(caller, all);
  if (chain) return [`calls workflows in a circle or too deep: ${chain.join(' → ')}`];
  return [...inputProblems(job, face), ...secretProblems(job, face)];
}

function inputProblems(job: CallJob, face: CallInterface): string[] {
  const given = job.with.map(([name]) => name.toLowerCase());
  const known = face.inputs.map(({ name }) => name.toLowerCase());
  const unknown = job.with.flatMap(([name]) => {
    if (known.includes(name.toLowerCase())) return [];
    const meant = nearest(name, known);
    return [`gives ${job.uses} an input "${name}", which it does not take${meant ? `; did you mean "${meant}"?` : ''}`];
  });
  const missing = face.inputs
    .filter(
      ({ name, required, default: standard }) =>
        required && standard === undefined && !given.includes(name.toLowerCase()),
    )
    .map(({ name }) => `must give ${job.uses} the input "${name}"`);
  return [...unknown, ...missing];
}

function secretProblems(job: CallJob, face: CallInterface): string[] {
  if (job.secrets === 'inherit') return [];
  const given = Object.keys(job.secrets).map((name) => name.toLowerCase());
  return face.secrets
    .filter(({ name, required }) => required && !given.includes(name.toLowerCase()))
    .map(({ name }) => `must give ${job.uses} the secret "${name}"`);
}

/** A chain of calls from the workflow that is longer than may be; a circle is always too long. */
function circle(from: Workflow, all: ReadonlyMap<string, Workflow>): string[] | undefined {
  const depths = new Map<string, string[]>([[from.path, [from.path]]]);
  for (const [path, chain] of depths) {
    for (const job of all.get(path)?.jobs ?? []) {
      if (job.kind !== 'call') continue;
      if (chain.includes(job.uses) || chain.length >= deepestCall) return [...chain, job.uses];
      // the longest way counts
      depths.delete(job.uses);
      depths.set(job.uses, [...chain, job.uses]);
    }
  }
  return undefined;
}
