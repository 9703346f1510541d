import * as z from 'zod';
import { finalStatuses, type Reason, reasons } from '../kernel/model.ts';

/**
 * The plan of a job whose end is known from the start. It is recorded like any other plan, so the decision survives a
 * restart, and it is sent to the reporter instead of a runner.
 */
export const decidedPlanSchema = z.object({
  kind: z.literal('decided'),
  status: z.enum(finalStatuses),
  reason: z.enum(Object.keys(reasons) as [Reason, ...Reason[]]),
  message: z.string(),
});
export type DecidedPlan = z.infer<typeof decidedPlanSchema>;
