import { hint } from '../kernel/similar-words.ts';
import { inputProblem } from './call-inputs.ts';
import type { Diagnostic } from './diagnostics.ts';
import { evaluateValue, isLiteral } from './evaluate-value.ts';
import type { CallInterface, CallJob, FileLocation, Workflow } from './workflow.ts';

/** The longest chain of workflows that call one another, including the first; as on GitHub. */
const deepestCall = 10;

interface Problem {
  /** the location in the file, if it is not that of the job */
  location?: FileLocation | undefined;
  message: string;
}

/** What is known about called files. */
export interface Known {
  /** by path, including called workflows */
  workflows: ReadonlyMap<string, Workflow>;
  /** whether calls of this file are checked */
  counts(path: string): boolean;
  /** why a file of another repository is missing */
  missing(path: string): string | undefined;
  /** whether a problem of a called file or of the call comes from another repository */
  isElsewhere(path: string): boolean;
}

/** Problems of the calls in a workflow. */
export function checkCalls(workflow: Workflow, known: Known): Diagnostic[] {
  return workflow.jobs.flatMap((job): Diagnostic[] => {
    if (job.kind !== 'call' || job.unsupported !== undefined || !known.counts(job.uses)) return [];
    const about = { file: workflow.path, severity: 'invalid' as const };
    const missing = known.missing(job.uses);
    if (missing !== undefined) {
      const message = `the job "${job.id}" calls ${job.uses}: ${missing}`;
      return [{ ...about, ...job.location, message, elsewhere: 'unavailable' as const }];
    }
    const elsewhere = known.isElsewhere(job.uses) ? { elsewhere: 'wrong' as const } : {};
    return problemsOf(workflow, job, known.workflows).map(({ location, message }) => ({
      ...about,
      ...(location ?? job.location),
      message: `the job "${job.id}" ${message}`,
      ...elsewhere,
    }));
  });
}

function problemsOf(caller: Workflow, job: CallJob, all: ReadonlyMap<string, Workflow>): Problem[] {
  const called = all.get(job.uses);
  if (!called) return [{ message: `calls ${job.uses}, which does not exist or is not valid` }];
  const face = called.on.workflow_call;
  if (!face) return [{ message: `calls ${job.uses}, which cannot be called because it has no \`on: workflow_call\`` }];
  const chain = invalidChain(caller, all);
  if (chain) return [{ message: `calls workflows in a cycle or too deeply: ${chain.join(' → ')}` }];
  return [...inputProblems(job, face), ...secretProblems(job, face)];
}

function inputProblems(job: CallJob, face: CallInterface): Problem[] {
  const given = job.with.map(([name]) => name.toLowerCase());
  const wrong = job.with.flatMap(([name, value]) => {
    const location = job.locations[name];
    const input = face.inputs.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (!input)
      return [{ location, message: `passes the unknown input "${name}" to ${job.uses}${meant(name, face.inputs)}` }];
    const problem = isLiteral(value) ? inputProblem(input, evaluateValue(value, { contexts: {} })) : undefined;
    return problem === undefined ? [] : [{ location, message: `passes an invalid input to ${job.uses}: ${problem}` }];
  });
  const missing = face.inputs
    .filter(
      ({ name, required, default: standard }) =>
        required && standard === undefined && !given.includes(name.toLowerCase()),
    )
    .map(({ name }) => ({ message: `must pass the input "${name}" to ${job.uses}` }));
  return [...wrong, ...missing];
}

function secretProblems(job: CallJob, face: CallInterface): Problem[] {
  if (job.secrets === 'inherit') return [];
  const given = Object.keys(job.secrets);
  const taken = (name: string) => face.secrets.some((one) => one.name.toLowerCase() === name.toLowerCase());
  const unknown = given
    .filter((name) => !taken(name))
    .map((name) => ({
      location: job.locations[name],
      message: `passes the unknown secret "${name}" to ${job.uses}${meant(name, face.secrets)}`,
    }));
  const missing = face.secrets
    .filter(({ name, required }) => required && !given.some((one) => one.toLowerCase() === name.toLowerCase()))
    .map(({ name }) => ({ message: `must pass the secret "${name}" to ${job.uses}` }));
  return [...unknown, ...missing];
}

function meant(name: string, known: readonly { name: string }[]): string {
  return hint(
    name,
    known.map((one) => one.name),
  );
}

/** A chain of calls that is a cycle or too long; undefined if there is none. */
function invalidChain(from: Workflow, all: ReadonlyMap<string, Workflow>): string[] | undefined {
  const depths = new Map<string, string[]>([[from.path, [from.path]]]);
  for (const [path, chain] of depths) {
    for (const job of all.get(path)?.jobs ?? []) {
      if (job.kind !== 'call') continue;
      if (chain.includes(job.uses) || chain.length >= deepestCall) return [...chain, job.uses];
      // the longest chain counts
      depths.delete(job.uses);
      depths.set(job.uses, [...chain, job.uses]);
    }
  }
  return undefined;
}
