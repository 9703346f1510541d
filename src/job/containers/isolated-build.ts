import { randomUUID } from 'node:crypto';
import { closeSync, createWriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { BadImage, loadImage, saveImage } from '../../engine/transfer-image.ts';
import { runCommand } from '../../exec/command.ts';
import { builderPath } from '../../exec/image-builder.ts';
import { systemCode } from '../../kernel/errors.ts';
import { StepFault } from '../fault.ts';
import { createInside, openFolderInside, removeInside, writeInside } from '../files/hand-over.ts';
import { openInside } from '../files/inside.ts';
import { idRanges } from '../sandbox/spare-ids.ts';
import { CommandFailed, runStepCommand } from '../steps/command.ts';
import type { CommandHost } from '../steps/step-host.ts';
import type { WorkflowState } from '../steps/workflow-state.ts';
import type { ContainerGround } from './container-ground.ts';

/** Characters at the end of what the builder prints, among which it says why it has failed. */
const tail = 4000;

/**
 * Builds as root of a user namespace, in a store that ends with the build. `$0` is the builder, `$1` the folder with its files, and
 * `$4` and those after it are the names of the images in there. In chroots, commands need neither an engine nor control groups. The
 * builder looks for its settings in homes from /etc/passwd, and has a folder of its own in /tmp, which jobs at level `user` share.
 */
const script = `
set -e
builder=$0 own=$1 context=$2 file=$3
shift 3
cd "$own"
mkdir run tmp lower upper work merged
echo "root:x:0:0::$own:/bin/sh" >passwd
echo "builder:x:1:1::$own:/bin/sh" >>passwd
mount --bind passwd /etc/passwd
case $own in /tmp/*) ;; *) mount --bind tmp /tmp ;; esac
driver=vfs
if mount -t overlay -o userxattr,lowerdir=lower,upperdir=upper,workdir=work volt merged 2>/dev/null; then
  umount merged
  driver=overlay
fi
printf '[storage]\\ndriver = "%s"\\ngraphroot = "%s"\\nrunroot = "%s"\\n' "$driver" "$own/store" "$own/run" >storage.conf
[ -e "$DOCKER_CONFIG/config.json" ] || unset DOCKER_CONFIG
count=0
for name in "$@"; do
  base=base-$count.tar
  "$builder" tag "$("$builder" pull --quiet "docker-archive:$base")" "$name"
  rm -f "$base"
  count=$((count + 1))
done
code=0
"$builder" build --isolation chroot --network host --format docker --layers=false \\
  --pull=missing --retry 2 --retry-delay 1s --file "$file" --tag localhost/built "$context" &&
  "$builder" push --quiet localhost/built "docker-archive:$own/image.tar" >/dev/null || code=$?
rm -rf store run tmp lower upper work merged
exit $code`;

/** Where the builder looks for it in its home, and what makes names of images mean what they mean to Docker. */
const registriesFile = '.config/containers/registries.conf.d/volt.conf';
const registries = 'unqualified-search-registries = ["docker.io"]\nshort-name-mode = "disabled"\n';

/**
 * Builds an image in the job: the builder sees the job's files and reaches its network, and its commands have the job's limits
 * and end with it. Then gives the image to the engine.
 * @param bases ids of images that the engine has and the Dockerfile begins with, by their full names
 * @param tag name that the engine gives to the image
 * @throws StepFault if the build fails; BuildFailed with what the builder says; CommandFailed at a limit; VoltError `engine_failed`
 */
export async function buildIsolated(
  job: WorkflowState,
  { engine, labels }: ContainerGround,
  { dockerfile, tag, bases }: { dockerfile: string; tag: string; bases: ReadonlyMap<string, string> },
  signal: AbortSignal,
): Promise<void> {
  const { folders, context } = job;
  const { sandbox } = context;
  const folder = join(folders.temp, `build-${randomUUID()}`);
  openFolderInside(folders.root, folder, sandbox.owner).close();
  const archive = join(folder, 'image.tar');
  try {
    // an archive has no name with a digest: the builder pulls such an image itself
    const named = [...bases].filter(([name]) => !name.includes('@'));
    for (const [index, [, id]] of named.entries()) {
      const write = async (draft: string) => {
        const file = createWriteStream(draft);
        await saveImage(engine, id, file, signal).finally(() => file.destroy());
      };
      await createInside(folders.root, join(folder, `base-${index}.tar`), sandbox, write);
    }
    writeInside(folders.root, join(folder, registriesFile), registries, sandbox.owner);
    await runBuilder(job, { folder, dockerfile, named: named.map(([name]) => name) }, signal);
    await load();
  } finally {
    // what a build that was ended leaves goes with the job
    removeInside(folders.root, archive);
  }

  async function load(): Promise<void> {
    const descriptor = open();
    try {
      await loadImage(engine, { descriptor, name: tag, labels, limit: context.containers.largestImage }, signal);
    } catch (error) {
      if (error instanceof BadImage) throw new StepFault(error.message);
      throw error;
    } finally {
      closeSync(descriptor);
    }
  }

  function open(): number {
    try {
      return openInside(folders.root, archive);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') throw new StepFault('Docker build failed: the image that it made is gone');
      throw error;
    }
  }
}

/** The builder has failed. */
export class BuildFailed extends Error {}

async function runBuilder(
  job: WorkflowState,
  { folder, dockerfile, named }: { folder: string; dockerfile: string; named: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const { context, log, folders } = job;
  const shell = ['bash', '--norc', '--noprofile', '-p', '-c'];
  let said = '';
  try {
    await runStepCommand(asRoot(job), {
      argv: [...shell, script, builderPath() ?? '', folder, dirname(dockerfile), dockerfile, ...named],
      ...{ cwd: folders.workspace, env: environmentFor(context.env, folder), signal },
      output: (chunk) => {
        said = `${said}${chunk.toString('latin1')}`.slice(-tail);
        return log.write(chunk);
      },
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CommandFailed) || error.outcome.reason !== 'exit_code') throw error;
    const why = /^Error: (.*)$/m.exec(said.slice(said.lastIndexOf('\nError: ') + 1))?.[1];
    throw new BuildFailed(Buffer.from(why ?? error.message, 'latin1').toString());
  }
}

/** Commands in the job's process group that are root of a user namespace, whose root is the job's user on the machine. */
function asRoot({ context }: WorkflowState): CommandHost {
  const { isolation, owner } = context.sandbox;
  const root = { uid: 0, gid: 0 };
  const ids = idRanges(root, owner ?? root) ?? { users: [], groups: [] };
  const filter = isolation.level === 'none' ? undefined : isolation.rootFilter;
  return {
    run: async (command) =>
      runCommand({ ...command, processes: await context.processes, root: { ids, filter }, stubborn: 'group' }),
    get limits() {
      return context.processes.then(({ limits }) => limits);
    },
  };
}

/** The builder's own settings, and logins to registries from the job's home. */
function environmentFor(env: Readonly<Record<string, string>>, folder: string): Record<string, string> {
  return {
    ...env,
    DOCKER_CONFIG: env.DOCKER_CONFIG ?? join(env.HOME ?? '/', '.docker'),
    ...{ HOME: folder, TMPDIR: join(folder, 'tmp'), XDG_RUNTIME_DIR: join(folder, 'run') },
    CONTAINERS_STORAGE_CONF: join(folder, 'storage.conf'),
    // it is root of its namespace already, and must not use what belongs to root of the machine
    _CONTAINERS_USERNS_CONFIGURED: 'done',
    _CONTAINERS_ROOTLESS_UID: '1',
  };
}
