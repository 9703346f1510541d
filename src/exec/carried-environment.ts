import { randomBytes } from 'node:crypto';

/** Variables of bash that nobody can set; they stay as they are, and bash does not heed them. */
const fixed = new Set(['BASHOPTS', 'BASH_VERSINFO', 'EUID', 'PPID', 'SHELLOPTS', 'UID']);

/**
 * The environment of a job's command on its way to it. What starts the command (nsenter, setpriv) has more rights than
 * the command, and the dynamic loader and the C library do what some variables say, such as LD_PRELOAD. A job may set
 * any of them, so they travel under other names, until a shell that has no more rights than the job gives them their own.
 */
export class CarriedEnvironment {
  /** nobody can know it, so that no variable of a job begins with it */
  readonly #prefix = `J${randomBytes(8).toString('hex')}_`;

  /** @param env of the command, by the names that it is to find */
  pack(env: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(Object.entries(env).map(([name, value]) => [this.#packed(name), value]));
  }

  /** What a shell says to have it unpacked. */
  get unpacking(): string {
    const prefix = this.#prefix;
    // no variable of the job's can have the name of this one, either
    const each = prefix.slice(0, -1);
    return `for ${each} in "\${!${prefix}@}"; do export "\${${each}#${prefix}}=\${!${each}}"; unset "$${each}"; done; unset ${each}`;
  }

  /** No shell can set a variable whose name is none for it; no loader knows such a name, either. */
  #packed(name: string): string {
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !fixed.has(name) ? this.#prefix + name : name;
  }
}
