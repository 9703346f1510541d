import { randomBytes } from 'node:crypto';
import { isAbsolute } from 'node:path';
import { EngineRefusal, engineFailed } from '../../engine/connection.ts';
import type { ContainerPlan } from '../../engine/container-plan.ts';
import { stateOf } from '../../engine/containers.ts';
import type { Engine } from '../../engine/engine.ts';
import { runInContainer } from '../../engine/exec.ts';
import { endContainer, type FirstProcess } from '../../engine/first-process.ts';
import { groupEvents } from '../../exec/group-events.ts';
import type { Limits } from '../../exec/limits.ts';
import { errorText, VoltError } from '../../kernel/errors.ts';
import { within } from '../../system/wait.ts';
import { statInside } from '../files/inside.ts';
import type { StepCommand, StepEnd, StepHost } from '../steps/step-host.ts';
import { containerBreach, eventsSince } from './container-breach.ts';
import { FirstLine } from './first-line.ts';

/** Milliseconds that processes have to end after SIGTERM, and after SIGKILL before the whole container is killed. */
const grace = { term: 10_000, kill: 5000 } as const;
const signals = [
  ['TERM', grace.term],
  ['KILL', grace.kill],
] as const;
/** Milliseconds for a command that only asks something, and for the engine to start a command. */
const patience = 60_000;
/** Milliseconds for the engine to notice the end of a container in which no command begins any more. */
const endPatience = 5000;
/** Exit code of a process that SIGKILL has ended. */
const killed = 137;
/** Characters of an answer that is read at once. */
const longestAnswer = 5000;

/** A running container in which the steps of a job run. */
export interface HostedContainer {
  engine: Engine;
  id: string;
  first: FirstProcess;
  /** name of its image, for people */
  image: string;
  /** the job's own folder, which it sees under the same path */
  folder: string;
  /** environment that steps begin with */
  env: Readonly<Record<string, string>>;
  limits: Promise<Limits>;
  /** its own */
  bounds: ContainerPlan['limits'];
  /** of a step that names none, the preferred one first; as on GitHub, `sh` in a container of the workflow */
  shells: readonly string[];
  /** how the Node that Volt brings is started; absent where the machine cannot bring one */
  node: { program: string; restore: string } | undefined;
}

/** Steps in the job's container, with the rights of its user. */
export class ContainerHost implements StepHost {
  readonly #container: HostedContainer;
  readonly #programs = new Map<string, string>();
  #nodeProgram: Promise<string> | undefined;

  constructor(container: HostedContainer) {
    this.#container = container;
  }

  get shells(): readonly string[] {
    return this.#container.shells;
  }

  get env(): Readonly<Record<string, string>> {
    return this.#container.env;
  }

  get limits(): Promise<Limits> {
    return this.#container.limits;
  }

  /**
   * A shell says the command's process id in the container first: the engine makes the command leader of a process group, by
   * which it is ended. It also gives both streams one order.
   */
  async run({ argv, cwd, env, output, signal }: StepCommand): Promise<StepEnd> {
    if (signal.aborted) return { exitCode: null, signal: 'SIGTERM' };
    const { engine, id, first: process, bounds } = this.#container;
    const before = groupEvents(process.pid);
    const first = new FirstLine(randomBytes(12).toString('hex'), output);
    const line = ['sh', '-c', 'echo "$0 $$"; exec "$@" 2>&1', first.mark, ...argv];
    let isOver = false;
    const running = runInContainer(engine.connection, id, {
      ...{ argv: line, env, cwd },
      output: (chunk) => (isOver ? undefined : first.take(chunk)),
    });
    let giveUp: (error: Error) => void = () => undefined;
    const stuck = new Promise<never>((_, reject) => {
      giveUp = reject;
    });
    stuck.catch(() => undefined);
    const ended = running.then(
      () => undefined,
      () => undefined,
    );
    const abort = () => void this.#end(first, ended).then(() => giveUp(hung()));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    try {
      const exitCode = await Promise.race([running, stuck]);
      if (signal.aborted) return { exitCode, signal: null };
      if (!first.isThere) throw this.#notBegun(exitCode, first.rest);
      const breach = () => containerBreach(bounds, eventsSince(before, groupEvents(process.pid)));
      if (exitCode !== killed) return { exitCode, signal: null, breach: exitCode === 0 ? undefined : breach() };
      return { exitCode, signal: null, breach: (await this.#endedByMemory()) ?? breach() };
    } catch (error) {
      if (!(error instanceof EngineRefusal)) throw error;
      await this.#checkRunning();
      throw new VoltError('spawn_failed', `the command was not started: ${error.message}`, {
        remedy: 'See the log of the container engine.',
        cause: error,
      });
    } finally {
      isOver = true;
      signal.removeEventListener('abort', abort);
    }
  }

  async program(name: string, path: string): Promise<string | undefined> {
    // it starts every command, and to look for it takes as long as a step
    if (name === 'sh') return name;
    const key = JSON.stringify([name, path]);
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    const answer = await this.#ask(['sh', '-c', 'command -v -- "$1"', 'sh', name], { PATH: path });
    const found = answer?.split('\n', 1)[0] ?? '';
    // busybox says only the name of a program that it contains
    if (!isAbsolute(found) && found !== name) return undefined;
    this.#programs.set(key, found);
    return found;
  }

  async hasFolder(path: string): Promise<boolean> {
    const isKnown = statInside(this.#container.folder, path)?.isDirectory() === true;
    return isKnown || (await this.#ask(['test', '-d', path])) !== undefined;
  }

  async node(script: string, env: Readonly<Record<string, string>>) {
    this.#nodeProgram ??= this.#findNode();
    const program = await this.#nodeProgram;
    const { node } = this.#container;
    // shells drop variables whose names they cannot set, such as INPUT_NODE-VERSION
    const strange = Object.entries(env).filter(([name]) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
    if (strange.length === 0 || !node) return { argv: [program, script], env: { ...env } };
    const carried = strange.map(([name, value], at) => [`JOB_VARIABLE_${at}`, `${name}=${value}`]);
    const plain = Object.entries(env).filter(([name]) => !strange.some(([each]) => each === name));
    return {
      argv: [program, '--require', node.restore, script],
      env: Object.fromEntries([...plain, ...carried]) as Record<string, string>,
    };
  }

  /** The Node that Volt brings, if it runs here, else the image's own. */
  async #findNode(): Promise<string> {
    const { node, image } = this.#container;
    if (node && (await this.#ask([node.program, '--version'])) !== undefined) return node.program;
    const own = await this.program('node', this.env.PATH ?? '');
    if (own !== undefined) return own;
    const why = node ? 'the Node of Volt does not run in it' : 'this machine cannot give it the Node of Volt';
    throw new VoltError('tool_missing', `the image ${image} has no node, and ${why}`, {
      remedy: 'Use an image with Node.js for jobs with JavaScript actions.',
    });
  }

  /** @returns what a command prints, if it succeeds */
  async #ask(argv: readonly string[], env: Record<string, string> = {}): Promise<string | undefined> {
    const { engine, id } = this.#container;
    let text = '';
    const output = (chunk: Buffer) => {
      text = (text + chunk).slice(0, longestAnswer);
    };
    const command = { argv, env: { ...this.env, ...env }, cwd: '/', output };
    const exitCode = await within(runInContainer(engine.connection, id, command), patience);
    if (exitCode === undefined) throw hung();
    return exitCode === 0 ? text : undefined;
  }

  /** Ends the command's process group, or else the container. Never rejects. */
  async #end(line: FirstLine, ended: Promise<void>): Promise<void> {
    const { engine, id, first } = this.#container;
    const until = (time: number) =>
      within(
        ended.then(() => true),
        time,
      );
    if (await engine.answers()) {
      const pid = await within(Promise.race([line.pid, ended]), patience);
      if (pid === undefined && (await until(0))) return;
      for (const [name, time] of signals) {
        if (pid === undefined) break;
        const kill = this.#ask(['sh', '-c', 'kill -s "$0" -- "-$1"', name, pid]).catch(() => undefined);
        await within(kill, time);
        if (await until(time)) return;
      }
    }
    await endContainer(engine, id, first);
    await until(grace.kill);
  }

  /**
   * @returns the limit that has ended the whole container
   * @throws VoltError `engine_failed` if something else has ended it
   */
  async #endedByMemory(): Promise<string | undefined> {
    const { engine, id, bounds } = this.#container;
    let state = await stateOf(engine, id);
    // the engine hears of a container's end after that of its commands; meanwhile none begins in it
    const until = performance.now() + endPatience;
    while (state?.isRunning && !(await this.#takesCommands()) && performance.now() < until)
      state = await stateOf(engine, id);
    if (state && !state.isRunning && state.isOutOfMemory) return containerBreach(bounds, { killed: 1, refused: 0 });
    await this.#checkRunning();
    return undefined;
  }

  async #takesCommands(): Promise<boolean> {
    try {
      return (await this.#ask(['sh', '-c', ':'])) !== undefined;
    } catch (error) {
      if (error instanceof EngineRefusal) return false;
      throw error;
    }
  }

  /** @throws VoltError `engine_failed` if the container has ended */
  async #checkRunning(): Promise<void> {
    const { engine, id } = this.#container;
    const state = await stateOf(engine, id);
    if (state?.isRunning) return;
    throw engineFailed(`the job's container has ended${state ? ` with code ${state.exitCode}` : ' and is gone'}`);
  }

  #notBegun(exitCode: number, text: string): Error {
    const why = text.trim().slice(0, 1000) || `code ${exitCode}`;
    // the caller knows what is too large
    if (/argument list too long/i.test(why)) return Object.assign(new Error(errorText(why)), { code: 'E2BIG' });
    return new VoltError('spawn_failed', `the command was not started in the container: ${why}`, {
      remedy: 'Check that the image has a shell (sh), and that the working directory exists in the container.',
    });
  }
}

function hung(): VoltError {
  return engineFailed('the container engine does not say whether a command has ended');
}
