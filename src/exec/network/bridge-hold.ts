import { existsSync } from 'node:fs';
import { VoltError } from '../../kernel/errors.ts';
import { toolEnvironment } from '../../system/environment.ts';
import { remember } from '../../system/remember.ts';
import { runProgram } from '../../system/run-program.ts';
import { programPath } from '../programs.ts';

/** Milliseconds. */
const patience = 30_000;
/** Begins the names of tables; a process id and the name of the bridge follow. */
const prefix = 'volt_hold_';

/**
 * Drops what comes from the containers of a bridge, each until its rules are there: some engines begin the program of a container
 * before anybody can give it rules.
 */
export class BridgeHold {
  readonly #table: string;
  /** by address, whether the container that has been let through still runs */
  readonly #ready = new Map<string, () => boolean>();
  /** changes of the rules, one after the other */
  #changes: Promise<unknown> = Promise.resolve();

  private constructor(table: string) {
    this.#table = table;
  }

  /**
   * @param bridge name of its device
   * @throws VoltError `isolation_unavailable`
   */
  static async make(bridge: string): Promise<BridgeHold> {
    await sweep();
    const hold = new BridgeHold(`${prefix}${process.pid}_${bridge}`);
    await nft(
      `table inet ${hold.#table} {
        set ready { type ipv4_addr; }
        chain hold {
          type filter hook prerouting priority -300; policy accept;
          iifname "${bridge}" ip saddr @ready accept
          iifname "${bridge}" drop
        }
      }`,
    );
    return hold;
  }

  /**
   * Lets through what a container sends.
   * @param address its IPv4 address
   * @param isAlive whether it still runs
   * @throws VoltError `isolation_unavailable`
   */
  admit(address: string, isAlive: () => boolean): Promise<void> {
    return this.#change(async () => {
      await nft(`add element inet ${this.#table} ready { ${address} }`);
      this.#ready.set(address, isAlive);
    });
  }

  /**
   * Drops what comes from the addresses of containers that have ended. To be called before a container starts, which may get
   * one of them.
   * @throws VoltError `isolation_unavailable`
   */
  dropEnded(): Promise<void> {
    return this.#change(async () => {
      const ended = [...this.#ready].flatMap(([address, isAlive]) => (isAlive() ? [] : [address]));
      if (ended.length === 0) return;
      await nft(`delete element inet ${this.#table} ready { ${ended.join(', ')} }`);
      for (const address of ended) this.#ready.delete(address);
    });
  }

  #change(work: () => Promise<void>): Promise<void> {
    const changed = this.#changes.then(work);
    this.#changes = changed.catch(() => undefined);
    return changed;
  }

  /** To be called when the bridge has no containers any more. @throws VoltError `isolation_unavailable` */
  async remove(): Promise<void> {
    await nft(`delete table inet ${this.#table}`);
  }
}

/** Removes what processes of Volt have left that were killed. */
const sweep = remember(async (): Promise<void> => {
  const tables = await nft('list tables inet');
  for (const [, table = '', pid] of tables.matchAll(new RegExp(`^table inet (${prefix}(\\d+)_\\w+)$`, 'gm')))
    if (!existsSync(`/proc/${pid}`)) await nft(`delete table inet ${table}`);
});

async function nft(command: string): Promise<string> {
  try {
    return await runProgram(programPath('nft'), [command], { env: toolEnvironment(), timeout: patience });
  } catch (error) {
    throw new VoltError('isolation_unavailable', `the network of containers cannot get rules: ${error}`, {
      remedy: "Run the runner as root, and install nft. Without rules for jobs' networks containers need none.",
      cause: error,
    });
  }
}
