import { runCommand } from '../../exec/command.ts';
import type { CommandEnd } from '../../exec/launcher.ts';
import type { Limits } from '../../exec/limits.ts';
import type { ProcessGroup } from '../../exec/process-group.ts';
import type { StepContext } from '../job-context.ts';
import { PathLookup } from './path-lookup.ts';
import type { CommandHost, StepCommand, StepHost } from './step-host.ts';

/** Commands in the process group of a job. */
export function inProcessGroup(processes: Promise<ProcessGroup>): CommandHost {
  return {
    run: async (command) => runCommand({ ...command, processes: await processes, stubborn: 'group' }),
    get limits() {
      return processes.then(({ limits }) => limits);
    },
  };
}

/** Steps on the machine, in the job's process group. */
export class MachineHost implements StepHost {
  readonly shells = ['bash', 'sh'];
  readonly #context: StepContext;
  readonly #lookup: PathLookup;

  constructor(context: StepContext) {
    this.#context = context;
    this.#lookup = new PathLookup(context);
  }

  get env(): Readonly<Record<string, string>> {
    return this.#context.env;
  }

  get limits(): Promise<Limits> {
    return inProcessGroup(this.#context.processes).limits;
  }

  run(command: StepCommand): Promise<CommandEnd> {
    return inProcessGroup(this.#context.processes).run(command);
  }

  program(name: string, path: string): Promise<string | undefined> {
    return this.#lookup.program(name, path);
  }

  hasFolder(path: string): Promise<boolean> {
    return this.#lookup.hasFolder(path);
  }

  /** With the Node that runs Volt, whatever version the action asks for. */
  async node(script: string, env: Readonly<Record<string, string>>) {
    return { argv: [process.execPath, script], env: { ...env } };
  }
}
