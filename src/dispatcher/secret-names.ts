import * as z from 'zod';
import { workflowPlan } from '../workflow/plan.ts';

/**
 * The secrets that a job may use: those that its workflow names. A job without a workflow gets the secrets that are set for
 * the environment of such jobs.
 */
export type NamedSecrets = '*' | 'environment' | readonly string[];

const planSecrets = z.union([
  workflowPlan.pick({ kind: true, secrets: true }),
  z.object({ kind: z.enum(['discover', 'command', 'project', 'image']) }),
]);

/** @param plan JSON of the plan, as recorded */
export function secretsNamedBy(plan: string): NamedSecrets {
  const parsed = planSecrets.parse(JSON.parse(plan));
  return parsed.kind === 'workflow' ? parsed.secrets.names : 'environment';
}
