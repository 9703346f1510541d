import { errorText } from '../kernel/errors.ts';
import { pause } from '../system/wait.ts';
import { type EngineConnection, engineFailed } from './connection.ts';
import { readFrames } from './frames.ts';

/** A command in a running container. */
export interface ContainerCommand {
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd: string;
  /** gets standard output and standard error; while a promise that it returns is pending, nothing more is read */
  output(chunk: Buffer): void | Promise<void>;
}

/** Milliseconds in which the engine must notice that a command has ended whose output has. */
const endPatience = 10_000;

/**
 * Runs a command in a container, with the rights of the container's user.
 * @returns its exit code; 128 and the number of the signal where a signal ended it, 126 or 127 where there is no such program
 * @throws EngineRefusal where the container does not run; VoltError `engine_failed` where its end is unknown
 */
export async function runInContainer(
  connection: EngineConnection,
  container: string,
  { argv, env, cwd, output }: ContainerCommand,
): Promise<number> {
  const { Id: id } = await connection.docker<{ Id: string }>(`/containers/${container}/exec`, {
    body: {
      AttachStdout: true,
      AttachStderr: true,
      Cmd: argv,
      Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
      WorkingDir: cwd,
    },
  });
  const answer = await connection.stream(`/exec/${id}/start`, { body: { Detach: false, Tty: false } });
  try {
    await readFrames(answer as AsyncIterable<Buffer>, output);
  } catch (error) {
    answer.destroy();
    throw engineFailed(`the container engine has broken off a command's output: ${errorText(error)}`, error);
  }
  return exitCode(connection, id);
}

/** The connection ends in the same way when the command ends and when the engine does. */
async function exitCode(connection: EngineConnection, id: string): Promise<number> {
  const until = performance.now() + endPatience;
  for (let wait = 1; performance.now() < until; wait = Math.min(wait * 2, 200)) {
    const state = await connection.docker<{ Running: boolean; ExitCode: number | null }>(`/exec/${id}/json`);
    if (!state.Running && typeof state.ExitCode === 'number') {
      if (state.ExitCode >= 0) return state.ExitCode;
      // of podman, where the process that watched the command was killed
      throw engineFailed('the container engine does not know how a command has ended');
    }
    await pause(wait);
  }
  throw engineFailed("the container engine has broken off a command's output");
}
