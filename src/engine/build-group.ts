import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { sendSignal } from '../system/processes.ts';
import { readText } from '../system/read-text.ts';
import { pause } from '../system/wait.ts';

/** Where Linux has its control groups: in version 2 one tree, in version 1 one for each controller. */
const root = '/sys/fs/cgroup';
/** Begins the names of the groups, before the id of the runner's process. */
const prefix = 'volt-build-';
/** What each control group has. */
const members = 'cgroup.procs';
/** Milliseconds between two looks at processes that were killed. */
const interval = 20;

/**
 * The control group of the commands that a build runs. They are in no container with a label of Volt, and podman goes on with a
 * build whose client is gone (buildah's run_common.go heeds no end of the request). So Volt finds them by their group.
 */
export class BuildGroup {
  readonly name: string;

  /** @param name of a group that there is */
  constructor(name: string) {
    this.name = name;
  }

  /** A new one. Groups of earlier runners that were lost during a build are removed. */
  static make(): BuildGroup {
    const names = new Set(
      [root, ...foldersIn(root)].flatMap((tree) => foldersIn(tree)).map((folder) => basename(folder)),
    );
    for (const name of names) {
      const owner = new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1];
      if (owner !== undefined && !existsSync(`/proc/${owner}`)) new BuildGroup(`/${name}`).remove();
    }
    return new BuildGroup(`/${prefix}${process.pid}-${randomBytes(8).toString('hex')}`);
  }

  /** For the engine, which makes it with the first command. A group inside of the named one, whose limits the engine does not set. */
  get path(): string {
    return `${this.name}/build`;
  }

  /** Ends all commands of the build, and lets it start none any more. Resolves when none is left. Never rejects. */
  async end(): Promise<void> {
    const tree = [join(root, 'pids'), root].find((folder) => existsSync(join(folder, members)));
    if (tree === undefined) return;
    try {
      mkdirSync(join(tree, this.name), { recursive: true });
      // no process in the group can start another one: the build fails with its next command
      writeFileSync(join(tree, this.name, 'pids.max'), '0');
    } catch {
      // without the controller, what runs now is ended
    }
    for (let pids = this.#pids(tree); pids.length > 0; pids = this.#pids(tree)) {
      for (const pid of pids) sendSignal(pid, 'SIGKILL');
      await pause(interval);
    }
  }

  /** Removes it when the build is over; one with processes stays. */
  remove(): void {
    for (const tree of [root, ...foldersIn(root)]) {
      for (const group of [this.path, this.name]) {
        try {
          rmdirSync(join(tree, group));
        } catch {
          // the build had no command, or the engine has removed it
        }
      }
    }
  }

  #pids(tree: string): number[] {
    const inner = join(tree, this.path);
    const lists = [join(tree, this.name), inner].map((group) => readText(join(group, members)) ?? '');
    return lists.flatMap((list) => list.split('\n').map(Number)).filter((pid) => pid > 0);
  }
}

function foldersIn(folder: string): string[] {
  const entries = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
}
