import type { ContainerPlan } from '../../engine/container-plan.ts';
import { argvOf, type Image } from '../../engine/images.ts';
import { proxiesIn } from '../../system/environment.ts';
import { makeFoldersInside } from '../files/hand-over.ts';
import { runUserCommand } from '../steps/user-command.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import { type ActionImage, actionImage } from './action-image.ts';
import { certificatesIn } from './certificates.ts';
import { containerBreach } from './container-breach.ts';
import type { ContainerGround, JobGround } from './container-ground.ts';
import { hostsMount } from './container-mounts.ts';
import { containerOptions } from './container-options.ts';
import { containerIds } from './container-user.ts';
import { said } from './engine-words.ts';

/** What an action that runs in a container of its own is started with. */
export interface ActionRun {
  image: ActionImage;
  /** one program, which replaces the image's entry point */
  entrypoint: string | undefined;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  output(chunk: Buffer): void | Promise<void>;
  signal: AbortSignal;
}

/**
 * Runs an action in a container of its own, beside that of the job and in the same network.
 * @throws CommandFailed with its exit code; VoltError `image_unavailable`, `engine_failed`; StepFault
 */
export async function runActionContainer(job: WorkflowState, opening: JobGround, run: ActionRun): Promise<void> {
  const ground = await opening.open();
  const { engine } = ground;
  const { signal, output, args: argv, env } = run;
  const image = await actionImage(job, opening, run.image, signal);
  const plan = await planOf(job, ground, image, run);
  const { prepare, close } = withIdTokens(job, ground.protect);
  const host = {
    run: async () => {
      const running = job.context.engine.run(engine, plan, { output, signal, prepare });
      const end = await said(running.finally(close));
      const killed = end.isOutOfMemory ? 1 : 0;
      return { exitCode: end.exitCode, signal: null, breach: containerBreach(plan.limits, { killed, refused: 0 }) };
    },
    limits: job.context.processes.then(({ limits }) => limits),
  };
  await runUserCommand(job, { argv, cwd: '/', env, output, signal }, host);
}

/** Lets the action ask for ID tokens, if the job may have some. */
function withIdTokens(
  { idTokens, context }: WorkflowState,
  protect: ContainerGround['protect'],
): { prepare: ContainerGround['protect']; close(): Promise<void> } {
  if (!idTokens) return { prepare: protect, close: async () => undefined };
  let close = async (): Promise<void> => undefined;
  const prepare = async (pid: number) => {
    await protect(pid);
    const { groupKind } = await context.processes;
    close = await idTokens.reach({ pid, isRootless: groupKind === 'user-namespace' });
  };
  return { prepare, close: () => close() };
}

/** Folders of the job by their paths in the container, as on GitHub; the first that matches a path counts. */
function foldersOf({ folders }: WorkflowState): { from: string; to: string }[] {
  const { workspace, temp, commands, home, event } = folders;
  return [
    { from: home, to: '/github/home' },
    { from: event, to: '/github/workflow' },
    { from: commands, to: '/github/file_commands' },
    { from: workspace, to: '/github/workspace' },
    { from: temp, to: '/github/runner_temp' },
  ];
}

async function planOf(
  job: WorkflowState,
  { engine, labels, network, pod }: ContainerGround,
  image: Image,
  { entrypoint, args, env }: ActionRun,
): Promise<ContainerPlan> {
  const { folders, context } = job;
  const { owner } = context.sandbox;
  const mapped = foldersOf(job);
  makeFoldersInside(folders.root, [folders.home], owner);
  const ids = await said(containerIds(context, engine, { image, labels, user: image.user }));
  const { limits } = await context.processes;
  const certificates = certificatesIn(context.env);
  return {
    ...containerOptions(limits),
    ...{ image: image.id, labels, pod },
    // the workspace has its own path, too: expressions such as github.workspace name it
    mounts: [
      ...mapped,
      { from: folders.workspace, to: folders.workspace },
      ...hostsMount(context.sandbox),
      ...certificates.mounts,
    ],
    program: {
      argv: argvOf(image, entrypoint, args),
      env: {
        CI: 'true',
        ...translated(certificates.inside(env), mapped),
        ...proxiesIn({ ...context.env, ...env }),
        HOME: '/github/home',
      },
    },
    cwd: '/github/workspace',
    ...(network && { network: { name: network.name, aliases: [] } }),
    ...(ids && { ids }),
  };
}

/** As on GitHub, a value that is a path in one of the folders names it as the container sees it. */
function translated(
  env: Readonly<Record<string, string>>,
  folders: readonly { from: string; to: string }[],
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => {
      const folder = folders.find(({ from }) => value === from || value.startsWith(`${from}/`));
      return [name, folder ? folder.to + value.slice(folder.from.length) : value];
    }),
  );
}
