import { existsSync, lchownSync } from 'node:fs';
import type { Isolation, JobUser } from '../../exec/isolation.ts';
import { runProgram } from '../../system/run-program.ts';
import { smallTree } from '../../system/small-tree.ts';

/** How a job is isolated: who owns its files, and which mirror it sees. */
export class JobIsolation {
  static readonly none = new JobIsolation({ level: 'none' }, undefined);

  readonly isolation: Isolation;
  /** the mirror that the job sees, whose objects its checkouts can borrow */
  readonly mirror: string | undefined;

  constructor(isolation: Isolation, mirror: string | undefined) {
    this.isolation = isolation;
    this.mirror = mirror;
  }

  /** Whether Volt must be protected from the job's processes. */
  get isClosed(): boolean {
    return this.isolation.level !== 'none';
  }

  /** The owner of files that are made for the job; undefined for Volt's own user. */
  get owner(): JobUser | undefined {
    const { isolation } = this;
    return isolation.level !== 'none' && process.getuid?.() === 0 ? isolation.user : undefined;
  }

  /** Gives a tree to the job's user. The job must not reach any of it before. */
  async giveTree(path: string): Promise<void> {
    const { owner } = this;
    if (!owner || !existsSync(path)) return;
    const entries = smallTree(path);
    if (entries) {
      for (const entry of entries) lchownSync(entry.path, owner.uid, owner.gid);
      return;
    }
    await giveByProgram(path, owner);
  }

  /** As `giveTree` for a tree that the job may change at the same time: chown(1) walks open folders, so it follows no link. */
  async giveContestedTree(path: string): Promise<void> {
    const { owner } = this;
    if (owner && existsSync(path)) await giveByProgram(path, owner);
  }
}

async function giveByProgram(path: string, { uid, gid }: JobUser): Promise<void> {
  await runProgram('chown', ['--recursive', '--no-dereference', '-P', `${uid}:${gid}`, '--', path]);
}
