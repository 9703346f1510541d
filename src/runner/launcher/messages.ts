import type { CommandLine, LaunchEnd } from '../../exec/launcher.ts';
import type { GitCommand } from '../../git/command.ts';
import type { SentError } from '../../system/sent-error.ts';

/** The first word of the process that starts programs: from now on it does what it is asked for. */
export const ready = 'ready';

/**
 * Descriptor from which the process reads beats of leases, one in a line: the id of the holder's request, what is to be
 * written to it, and when that was said, as `sinceBoot` has it.
 */
export const beatsDescriptor = 4;

/** What is asked of the process that starts programs; `id` is that of one program, or removal, to its end. */
export type Request = { id: number } & (
  | { kind: 'hold'; line: CommandLine }
  | { kind: 'run'; line: CommandLine; pipe: OpenPipe }
  /** which of its words are to be told */
  | { kind: 'git'; command: GitCommand; progress: boolean; warning: boolean }
  | { kind: 'remove'; path: string; contested: boolean }
  /** `at` is when that was said, as `sinceBoot` has it */
  | { kind: 'write'; text: string; at: number }
  | { kind: 'release' }
  | { kind: 'kill' }
);

/** A pipe that the process has open which asks, by a file that leads to it; its numbers tell it from another one there. */
export interface OpenPipe {
  path: string;
  dev: number;
  ino: number;
}

/** What it answers. `failed` comes in place of `started` or of a program's end. */
export type Answer = { id: number } & (
  | { kind: 'started'; pid: number }
  /** that something is to be killed */
  | { kind: 'heard' }
  | { kind: 'holderEnded'; code: number | null }
  | { kind: 'lineEnded'; end: LaunchEnd }
  | { kind: 'printed'; text: string }
  | { kind: 'removed' }
  | { kind: 'progress'; line: string }
  | { kind: 'warning'; line: string }
  | { kind: 'failed'; error: SentError }
);
