import * as z from 'zod';
import { grantsToken, type Permissions } from '../workflow/permissions.ts';
import { workflowPlan } from '../workflow/plan.ts';

/** The secrets that a job may use. */
export interface NamedSecrets {
  /**
   * Of the repository: those that its workflow names, `*` for all. A job without a workflow gets those that are set for the
   * environment of such jobs.
   */
  repository: '*' | 'environment' | readonly string[];
  /** of what its workflow deploys to */
  environment: '*' | readonly string[];
  /** whether a call passes those of the repository on, maybe by other names */
  called: boolean;
  /** whether it may have a token of the forge: its workflow's permissions do not say that it has none */
  token: boolean;
  /** what the token may do; undefined where the workflow does not say */
  permissions: Permissions | undefined;
  /** whether these count only as far as jobs usually have them */
  withinUsual: boolean;
}

const planSecrets = z.union([
  workflowPlan.pick({ kind: true, secrets: true, environment: true, permissions: true, withinUsual: true }),
  z.object({ kind: z.enum(['discover', 'command', 'project', 'image']) }),
]);

const noToken = { token: false, permissions: undefined, withinUsual: false };

/** @param plan JSON of the plan, as recorded */
export function secretsNamedBy(plan: string): NamedSecrets {
  const parsed = planSecrets.parse(JSON.parse(plan));
  if (parsed.kind !== 'workflow') return { repository: 'environment', environment: [], called: false, ...noToken };
  const { secrets, environment, permissions, withinUsual = false } = parsed;
  return {
    repository: secrets.names,
    environment: environment?.secrets ?? [],
    called: secrets.through.length > 0,
    token: grantsToken(permissions),
    ...{ permissions, withinUsual },
  };
}
