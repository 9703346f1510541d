import { constants } from 'node:os';

/** Signals that end a process unless it handles them, by what they tell. */
const meanings = {
  SIGHUP: 'its terminal was closed',
  SIGINT: 'it was interrupted',
  SIGQUIT: 'it was asked to quit',
  SIGILL: 'it ran an instruction that this processor does not have',
  SIGTRAP: 'it reached a breakpoint without a debugger',
  SIGABRT: 'it ended itself, as after a failed assertion',
  SIGBUS: 'it used memory that is not there',
  SIGFPE: 'it divided by zero',
  SIGKILL: 'it was killed, as the system does when memory runs out',
  SIGSEGV: 'it used memory that is not its own',
  SIGPIPE: 'it wrote to a program that had ended',
  SIGALRM: 'its own timer ran out',
  SIGTERM: 'it was asked to end',
  SIGSYS: 'it made a system call that is not allowed',
} as const;
export type NamedSignal = keyof typeof meanings;

const byNumber = new Map(
  (Object.keys(meanings) as NamedSignal[]).map((name) => [constants.signals[name] as number, name]),
);

/**
 * The signal that an exit code stands for: a shell ends with 128 plus the number of the signal that ended its command.
 * @returns undefined where the code stands for none
 */
export function signalOfCode(exitCode: number): NamedSignal | undefined {
  return byNumber.get(exitCode - 128);
}

/** What a signal tells about the process that it ended, as in `SIGSEGV (it used memory that is not its own)`. */
export function signalText(name: string): string {
  const meaning = (meanings as { [name: string]: string })[name];
  return meaning === undefined ? name : `${name} (${meaning})`;
}
