import { errorText } from '../kernel/errors.ts';
import { sendSignal } from '../system/processes.ts';
import { pause } from '../system/wait.ts';
import { type EngineConnection, engineFailed } from './connection.ts';
import { FirstProcess } from './first-process.ts';
import { readFrames } from './frames.ts';
import { starterInput, starterInside } from './starter/starter.ts';

/** A command in a running container. */
export interface ContainerCommand {
  argv: readonly string[];
  /** beside what the image has; the engine never learns it */
  env: Readonly<Record<string, string>>;
  /** the container's by default */
  cwd?: string;
  /** gets standard output and standard error; while a promise that it returns is pending, nothing more is read */
  output(chunk: Buffer): void | Promise<void>;
  /** kills the command with its process group, and gives the rest up */
  signal?: AbortSignal;
}

/** Milliseconds in which the engine must notice that a command has ended whose output has. */
const endPatience = 10_000;

interface ExecState {
  Running: boolean;
  ExitCode: number | null;
  /** as the machine sees it */
  Pid?: number;
}

/**
 * Runs a command in a container, with the rights of the container's user.
 * @returns its exit code; 128 and the number of the signal where a signal ended it, 126 or 127 where there is no such program
 * @throws EngineRefusal where the container does not run; VoltError `engine_failed` where its end is unknown; the signal's reason
 */
export async function runInContainer(
  connection: EngineConnection,
  container: string,
  { argv, env, cwd, output, signal }: ContainerCommand,
): Promise<number> {
  const { Id: id } = await connection.docker<{ Id: string }>(`/containers/${container}/exec`, {
    body: {
      ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true },
      Cmd: [starterInside, ...argv],
      ...(cwd !== undefined && { WorkingDir: cwd }),
    },
  });
  signal?.throwIfAborted();
  const command = await connection.attach(`/exec/${id}/start`, { body: { Detach: false, Tty: false } });
  command.on('error', () => undefined);
  const abort = () => {
    void kill(connection, id);
    command.destroy();
  };
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  try {
    command.write(starterInput(env));
    await readFrames(command, output);
  } catch (error) {
    command.destroy();
    signal?.throwIfAborted();
    throw engineFailed(`the container engine has broken off a command's output: ${errorText(error)}`, error);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  return exitCode(connection, id);
}

/** The engine makes a command leader of a process group. Never rejects. */
async function kill(connection: EngineConnection, id: string): Promise<void> {
  const { Pid: pid = 0 } = (await connection.docker<ExecState>(`/exec/${id}/json`).catch(() => undefined)) ?? {};
  if (pid > 0 && !sendSignal(-pid, 'SIGKILL')) new FirstProcess(pid).kill();
}

/** The connection ends in the same way when the command ends and when the engine does. */
async function exitCode(connection: EngineConnection, id: string): Promise<number> {
  const until = performance.now() + endPatience;
  for (let wait = 1; performance.now() < until; wait = Math.min(wait * 2, 200)) {
    const state = await connection.docker<ExecState>(`/exec/${id}/json`);
    if (!state.Running && typeof state.ExitCode === 'number') {
      if (state.ExitCode >= 0) return state.ExitCode;
      // of podman, where the process that watched the command was killed
      throw engineFailed('the container engine does not know how a command has ended');
    }
    await pause(wait);
  }
  throw engineFailed("the container engine has broken off a command's output");
}
