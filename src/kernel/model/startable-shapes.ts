import * as z from 'zod';

/** The workflows at a ref that a person can start. Each shape is declared here only. */

const workflowInput = z.object({
  name: z.string(),
  type: z.enum(['string', 'boolean', 'number', 'choice', 'environment']),
  description: z.string().nullable(),
  required: z.boolean(),
  default: z.string().nullable(),
  options: z.array(z.string()).nullable().meta({ description: 'of a choice' }),
});
export type WorkflowInput = z.output<typeof workflowInput>;

const startableWorkflow = z.object({
  path: z.string(),
  name: z.string(),
  inputs: z.array(workflowInput).nullable().meta({
    description: 'null where they are too many or too long to be listed; the workflow can be started all the same',
  }),
});
export type StartableWorkflow = z.output<typeof startableWorkflow>;

export const startableWorkflows = z.object({
  workflows: z.array(startableWorkflow).meta({ description: 'those with `workflow_dispatch`' }),
  invalid: z
    .array(z.object({ path: z.string(), message: z.string() }))
    .meta({ description: 'files that cannot be read, with the first fault of each' }),
});
export type StartableWorkflows = z.output<typeof startableWorkflows>;
