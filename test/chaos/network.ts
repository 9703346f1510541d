import { execFileSync } from 'node:child_process';

/** of iproute2 */
const program = 'ip';
const namespaceName = `volt-chaos-${process.pid}`;
/** at most 15 characters, with one more for its other end */
const linkName = `vc${process.pid}`;

/**
 * A network namespace that reaches this machine over one link. While the link is down, the inside hears nothing, and no
 * connection is refused.
 */
export class CutNetwork {
  /** address of this machine on the link */
  readonly address: string;
  readonly #name = namespaceName;
  readonly #link = linkName;

  private constructor() {
    // from the range for benchmarks (RFC 2544); the process id distinguishes concurrent runs
    const net = `198.18.${process.pid % 256}`;
    this.address = `${net}.1`;
    const peer = `${this.#link}p`;
    ip('netns', 'add', this.#name);
    ip('link', 'add', this.#link, 'type', 'veth', 'peer', 'name', peer, 'netns', this.#name);
    ip('addr', 'add', `${net}.1/30`, 'dev', this.#link);
    ip('link', 'set', this.#link, 'up');
    ip('-n', this.#name, 'addr', 'add', `${net}.2/30`, 'dev', peer);
    ip('-n', this.#name, 'link', 'set', peer, 'up');
    ip('-n', this.#name, 'link', 'set', 'lo', 'up');
  }

  /** @returns undefined if this user or system cannot make one */
  static open(): CutNetwork | undefined {
    try {
      return new CutNetwork();
    } catch {
      close(namespaceName, linkName);
      return undefined;
    }
  }

  /** The command that runs a command inside. */
  inside(command: readonly string[]): string[] {
    return ['ip', 'netns', 'exec', this.#name, ...command];
  }

  cut(): void {
    ip('link', 'set', this.#link, 'down');
  }

  mend(): void {
    ip('link', 'set', this.#link, 'up');
  }

  close(): void {
    close(this.#name, this.#link);
  }
}

function ip(...args: string[]): void {
  execFileSync(program, args, { stdio: 'ignore' });
}

/** Removes the parts of it that exist. */
function close(name: string, link: string): void {
  for (const args of [
    ['link', 'del', link],
    ['netns', 'del', name],
  ]) {
    try {
      ip(...args);
    } catch {
      // this part does not exist yet
    }
  }
}
