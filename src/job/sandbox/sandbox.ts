import { existsSync, lchownSync } from 'node:fs';
import type { Isolation, JobUser } from '../../exec/isolation.ts';
import { runProgram } from '../../system/run-program.ts';
import { smallTree } from '../../system/small-tree.ts';

/** What is different for a job that is kept apart: whose its files are, and what of Volt's it can see. */
export class Sandbox {
  static readonly none = new Sandbox({ level: 'none' }, undefined);

  readonly isolation: Isolation;
  /** the mirror whose objects its checkouts may borrow, since it sees them */
  readonly mirror: string | undefined;

  constructor(isolation: Isolation, mirror: string | undefined) {
    this.isolation = isolation;
    this.mirror = mirror;
  }

  /** Whether what the job's processes do must be able to do no harm to Volt. */
  get isClosed(): boolean {
    return this.isolation.level !== 'none';
  }

  /** Whose files are that are made for the job; undefined where they are Volt's own user's. */
  get owner(): JobUser | undefined {
    const { isolation } = this;
    return isolation.level !== 'none' && process.getuid?.() === 0 ? isolation.user : undefined;
  }

  /** Gives a tree to the job, which must have had no access to any of it so far, and gets none before all is its own. */
  async giveTree(path: string): Promise<void> {
    const { owner } = this;
    if (!owner || !existsSync(path)) return;
    const entries = smallTree(path);
    if (entries) {
      for (const entry of entries) lchownSync(entry.path, owner.uid, owner.gid);
      return;
    }
    await runProgram('chown', ['--recursive', '--no-dereference', `${owner.uid}:${owner.gid}`, '--', path]);
  }
}
