import { VoltError } from '../../kernel/errors.ts';
import type { PlannedStep } from '../../workflow/plan.ts';
import { sourceOf } from '../../workflow/template.ts';
import type { Workflow } from '../../workflow/workflow.ts';

/** The title of a step before its expressions are known. */
export function stepTitle({ name, run, uses }: PlannedStep): string {
  if (name !== undefined) return sourceOf(name);
  return `Run ${
    uses ??
    sourceOf(run ?? '')
      .trim()
      .split('\n', 1)[0]
  }`;
}

/**
 * Ids of the jobs that have all of the steps.
 * @throws VoltError `not_found` if none has
 */
export function jobsWithSteps(workflows: readonly Workflow[], wanted: readonly string[]): string[] {
  const jobs = workflows.flatMap((workflow) => workflow.jobs).filter((job) => job.kind === 'steps');
  const found = jobs.filter(({ steps }) => wanted.every((name) => steps.some((step, at) => isStep(step, at, name))));
  if (found.length > 0) return [...new Set(found.map(({ id }) => id))];
  throw noStep(
    wanted,
    jobs.flatMap(({ steps }) => steps),
  );
}

/**
 * Lets only some steps run: the wanted ones, and the actions before them, which set the job up. The others stay in the
 * list with a false condition, since expressions may name them.
 * @throws VoltError `not_found` if a wanted step does not exist
 */
export function onlySteps(steps: readonly PlannedStep[], wanted: readonly string[]): PlannedStep[] {
  const isWanted = steps.map((step, at) => wanted.some((name) => isStep(step, at, name)));
  const missing = wanted.filter((name) => !steps.some((step, at) => isStep(step, at, name)));
  if (missing.length > 0) throw noStep(missing, steps);
  const last = isWanted.lastIndexOf(true);
  return steps.map((step, at) =>
    isWanted[at] || (at < last && step.uses !== undefined) ? step : { ...step, if: 'false' },
  );
}

/** Whether a person means that step: by its id, its title, or its number in the job. */
function isStep(step: PlannedStep, at: number, wanted: string): boolean {
  return step.id === wanted || stepTitle(step).toLowerCase() === wanted.toLowerCase() || String(at + 1) === wanted;
}

function noStep(wanted: readonly string[], steps: readonly PlannedStep[]): VoltError {
  const names = [...new Set(steps.map(stepTitle))];
  const shown = names.length > 20 ? [...names.slice(0, 20), '…'] : names;
  return new VoltError('not_found', `no job has ${wanted.map((name) => `the step "${name}"`).join(' and ')}`, {
    remedy: `The steps are ${shown.map((name) => `"${name}"`).join(', ')}; \`volt exec --dry-run\` shows their numbers in each job.`,
  });
}
