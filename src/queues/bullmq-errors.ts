import { ErrorCode } from 'bullmq';

const notOurs = [
  ErrorCode.JobNotExist,
  ErrorCode.JobLockNotExist,
  ErrorCode.JobNotInState,
  ErrorCode.JobLockMismatch,
] as unknown[];

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

/** Whether BullMQ has refused an operation because there is no such message. */
export function isMissing(error: unknown): boolean {
  return codeOf(error) === ErrorCode.JobNotExist;
}

/** Whether BullMQ has refused an operation because the message is gone, or is no longer held by us. */
export function isNotOurs(error: unknown): boolean {
  return notOurs.includes(codeOf(error));
}
