import type { CommandEnd } from '../../exec/launcher.ts';
import type { Limits } from '../../exec/limits.ts';

export interface StepCommand {
  argv: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  output(chunk: Buffer): void | Promise<void>;
  /** ends the command when it aborts */
  signal: AbortSignal;
}

/** How a command of a step ended. */
export interface StepEnd extends CommandEnd {
  /** a limit that its container reached meanwhile, as part of a sentence */
  breach?: string | undefined;
}

/** Where commands run. */
export interface CommandHost {
  /**
   * Runs one command; others run after it, whatever its end.
   * @throws VoltError `spawn_failed`, `tool_missing`, `engine_failed` where it could not be run
   */
  run(command: StepCommand): Promise<StepEnd>;
  /** limits whose breach the end of a command shows */
  readonly limits: Promise<Limits>;
}

/** Where the steps of a job run: on the machine, in the job's process group, or in the job's container. */
export interface StepHost extends CommandHost {
  /** environment that steps begin with */
  readonly env: Readonly<Record<string, string>>;
  /** shells of a step that names none, the preferred one first */
  readonly shells: readonly string[];
  /**
   * The first program of that name on the search path of a step, or the program at a path.
   * @returns its path
   */
  program(name: string, path: string): Promise<string | undefined>;
  hasFolder(path: string): Promise<boolean>;
  /**
   * How a JavaScript action is started.
   * @param env of its process
   * @throws VoltError `tool_missing` where there is no Node
   */
  node(script: string, env: Readonly<Record<string, string>>): Promise<{ argv: string[]; env: Record<string, string> }>;
}
