import { errorText } from '../kernel/errors.ts';
import { pause, settled, within } from '../system/wait.ts';
import { engineFailed } from './connection.ts';
import type { ContainerPlan } from './container-plan.ts';
import { beginContainer, createContainer, type Prepare, removeContainer, stateOf } from './containers.ts';
import type { Engine } from './engine.ts';
import { endContainer, FirstProcess } from './first-process.ts';
import { readFrames } from './frames.ts';

/** Milliseconds that the program has to end after SIGTERM, and the engine to say so after SIGKILL. */
const grace = { term: 10_000, kill: 5000 } as const;
/** Milliseconds after which the removal of the container is left to who removes all of the job's containers. */
const removePatience = 10_000;
/** Milliseconds between two questions whether a container whose output has ended has ended, too. */
const longestPause = 1000;

/** What a container is run for. */
export interface ContainerRun {
  /** gets standard output and standard error; while a promise that it returns is pending, nothing more is read */
  output(chunk: Buffer): void | Promise<void>;
  /** ends the program when it aborts */
  signal: AbortSignal;
  prepare: Prepare;
}

/** How the program of a container has ended. */
export interface ContainerEnd {
  /** 128 and the number of the signal where a signal ended it */
  exitCode: number;
  /** whether the kernel has killed one of its processes for want of memory */
  isOutOfMemory: boolean;
}

/**
 * Runs the program of a container to its end, and removes the container.
 * @throws EngineRefusal where it cannot be started; VoltError `engine_failed` where its end is unknown
 */
export async function runContainer(engine: Engine, plan: ContainerPlan, run: ContainerRun): Promise<ContainerEnd> {
  const { signal, prepare } = run;
  const id = await createContainer(engine, plan);
  let first = new FirstProcess(0);
  let isOver = false;
  let isHung = false;
  const output = (chunk: Buffer) => (isOver ? undefined : run.output(chunk));
  const running = (async () => {
    // before the start, so that no output is lost
    const read = await attach(engine, id, output);
    signal.throwIfAborted();
    await beginContainer(engine, id, plan, async (pid) => {
      first = new FirstProcess(pid);
      await prepare(pid);
    });
    await read();
    return endOf(engine, id);
  })();
  try {
    await settled(running, signal);
    if (!signal.aborted) return await running;
    const code = await ended(engine, id, running, () => first);
    isHung = code === undefined;
    if (code === undefined) throw engineFailed('the container engine does not say whether a container has ended');
    return code;
  } finally {
    isOver = true;
    const remove = () => removeContainer(engine, id).catch(() => undefined);
    if (!isHung) await within(remove(), removePatience);
  }
}

/** @returns what reads its output to the end */
async function attach(
  { connection }: Engine,
  id: string,
  output: ContainerRun['output'],
): Promise<() => Promise<void>> {
  const query = { stream: 'true', stdout: 'true', stderr: 'true' };
  const content = await connection.stream(`/containers/${id}/attach`, { method: 'POST', query });
  const read = readFrames(content as AsyncIterable<Buffer>, output).catch((error) => {
    content.destroy();
    throw engineFailed(`the container engine has broken off the output: ${errorText(error)}`, error);
  });
  read.catch(() => undefined);
  return () => read;
}

/**
 * Ends the program, without the engine where that does not answer.
 * @returns undefined where the engine does not say how it has ended
 */
async function ended(
  engine: Engine,
  id: string,
  running: Promise<ContainerEnd>,
  first: () => FirstProcess,
): Promise<ContainerEnd | undefined> {
  const term = { method: 'POST', query: { signal: 'TERM' } } as const;
  if (await engine.answers()) {
    await engine.connection.docker(`/containers/${id}/kill`, term).catch(() => undefined);
    const end = await within(running, grace.term);
    if (end) return end;
  }
  await endContainer(engine, id, first());
  return within(running, grace.kill);
}

/** A program may close its output before it ends. */
async function endOf(engine: Engine, id: string): Promise<ContainerEnd> {
  for (let wait = 5; ; wait = Math.min(wait * 2, longestPause)) {
    const state = await stateOf(engine, id);
    if (!state) throw engineFailed('the container is gone, so its exit code is unknown');
    if (!state.isRunning) return state;
    await pause(wait);
  }
}
