import { z } from 'zod';
import { finalStatuses, type Reason, reasons } from '../kernel/model.ts';

/**
 * What the plan of a job is when it is known from the start how the job ends. It is in the record like any other plan, so
 * that the decision outlives whoever has taken it, and is sent to the reporter instead of a runner.
 */
export const decidedPlanSchema = z.object({
  kind: z.literal('decided'),
  status: z.enum(finalStatuses),
  reason: z.enum(Object.keys(reasons) as [Reason, ...Reason[]]),
  message: z.string(),
});
export type DecidedPlan = z.infer<typeof decidedPlanSchema>;
