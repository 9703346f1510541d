import { randomBytes } from 'node:crypto';

/** Read-only variables of bash. They keep their names; bash ignores them. */
const fixed = new Set(['BASHOPTS', 'BASH_VERSINFO', 'EUID', 'PPID', 'SHELLOPTS', 'UID']);

/**
 * Renames the environment of a job's command until the command starts. The programs that start it (nsenter, setpriv) have more
 * rights than the job, and the dynamic loader and the C library obey variables such as LD_PRELOAD, which a job can set. A shell
 * with only the job's rights gives the variables their real names.
 */
export class CarriedEnvironment {
  /** random, so no variable of a job starts with it */
  readonly #prefix = `J${randomBytes(8).toString('hex')}_`;

  /** @param env the variables of the command by their real names */
  pack(env: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(Object.entries(env).map(([name, value]) => [this.#packed(name), value]));
  }

  /** The shell command that restores the real names. */
  get unpacking(): string {
    const prefix = this.#prefix;
    // no variable of a job has this name, either
    const each = prefix.slice(0, -1);
    return `for ${each} in "\${!${prefix}@}"; do export "\${${each}#${prefix}}=\${!${each}}"; unset "$${each}"; done; unset ${each}`;
  }

  /** A name that no shell can set stays as it is: no loader knows such a name. */
  #packed(name: string): string {
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !fixed.has(name) ? this.#prefix + name : name;
  }
}
