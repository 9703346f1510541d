import * as z from 'zod';
import { type AttemptRef, finalStatuses, type Reason, reasons } from '../kernel/model.ts';
import { serverTime } from '../kernel/server-time.ts';
import type { StageContext } from '../queues/stage.ts';

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

/** The end of a job without a runner. */
export type Decision = Omit<DecidedPlan, 'kind'>;

/** Sends the reporter the end of an attempt that no runner is to run. */
export async function sendDecision(
  { queues }: Pick<StageContext, 'queues'>,
  { job, attempt }: AttemptRef,
  { status, reason, message }: Decision,
): Promise<void> {
  await queues.sendResult({ v: 1, kind: 'decided', job, attempt, status, reason, message, at: serverTime() });
}
