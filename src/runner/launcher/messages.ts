import type { CommandLine, LaunchEnd } from '../../exec/launcher.ts';
import type { GitCommand } from '../../git/command/runner.ts';
import type { SentError } from '../../system/sent-error.ts';

/** The launcher's first message: it takes requests from now on. */
export const ready = 'ready';

/**
 * Descriptor from which the launcher reads heartbeats for supervisors, one a line: the id of the supervisor's request,
 * what to write to it, and when that was written, by `sinceBoot`.
 */
export const heartbeatsDescriptor = 4;

/** A request to the launcher; `id` is that of one program, or removal, to its end. */
export type Request = { id: number } & (
  | { kind: 'hold'; line: CommandLine }
  | { kind: 'run'; line: CommandLine; pipe: OpenPipe }
  /** `progress` and `warning` say which of git's messages are wanted */
  | { kind: 'git'; command: GitCommand; progress: boolean; warning: boolean }
  | { kind: 'remove'; path: string; contested: boolean }
  /** `at` is when that was written, by `sinceBoot` */
  | { kind: 'write'; text: string; at: number }
  | { kind: 'release' }
  | { kind: 'kill' }
);

/** A pipe that the requesting process has open, by its path in /proc. The numbers identify it. */
export interface OpenPipe {
  path: string;
  dev: number;
  ino: number;
}

/** An answer. `failed` comes instead of `started` or of a program's end. */
export type Answer = { id: number } & (
  | { kind: 'started'; pid: number }
  /** confirms a request to kill */
  | { kind: 'heard' }
  | { kind: 'supervisorEnded'; code: number | null }
  | { kind: 'lineEnded'; end: LaunchEnd }
  | { kind: 'printed'; text: string }
  | { kind: 'removed' }
  | { kind: 'progress'; line: string }
  | { kind: 'warning'; line: string }
  | { kind: 'failed'; error: SentError }
);
