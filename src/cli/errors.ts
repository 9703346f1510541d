import { loadConfig } from '../kernel/config.ts';
import { asVoltError, type VoltError } from '../kernel/errors.ts';
import { withCommandsAsTyped } from '../kernel/invocation.ts';
import { harmless } from './foreign-text.ts';

/**
 * Prints an error to standard error: its code, what happened and what to do. With log level debug, an internal error
 * has its stack as well.
 * @param json prints one JSON object, for scripts
 * @returns the exit code for the error
 */
export function printError(thrown: unknown, json: boolean): number {
  const error = asVoltError(thrown);
  const { code, message, remedy } = error;
  if (json) process.stderr.write(`${JSON.stringify({ error: { code, message, remedy } }, undefined, 2)}\n`);
  else
    process.stderr.write(
      `error ${code}: ${withCommandsAsTyped(harmless(message))}\n  ${withCommandsAsTyped(remedy)}\n`,
    );
  if (code === 'internal' && debugging()) process.stderr.write(`${stackOf(error)}\n`);
  return error.exitCode;
}

function debugging(): boolean {
  try {
    return loadConfig().logLevel === 'debug';
  } catch {
    // the log level itself may be invalid
    return false;
  }
}

function stackOf(error: VoltError): string {
  const origin = error.cause instanceof Error ? error.cause : error;
  return origin.stack ?? String(origin);
}
