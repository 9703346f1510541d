import { errorText, VoltError } from '../../kernel/errors.ts';
import type { FinalStatus } from '../../kernel/model.ts';
import type { ExecView } from './events.ts';
import type { Exec } from './run.ts';
import { wantedFiles } from './wanted-files.ts';
import { TreeWatch } from './watch.ts';

/** Runs the work tree once, or again and again as it changes. */
export class Runs {
  readonly #root: string;
  readonly #workflow: string | undefined;
  readonly #view: ExecView;
  readonly #make: (asked: { workflow?: string }) => Exec;
  readonly #cancelled = new AbortController();
  #exec: Exec | undefined;

  /**
   * @param workflow that a person wants, as wantedFiles has it
   * @param make what runs it once
   */
  constructor(
    root: string,
    workflow: string | undefined,
    view: ExecView,
    make: (asked: { workflow?: string }) => Exec,
  ) {
    this.#root = root;
    this.#view = view;
    this.#workflow = workflow;
    this.#make = make;
  }

  /** @returns what it came to */
  async once(): Promise<FinalStatus> {
    const { files, workflow } = wantedFiles(this.#root, this.#workflow);
    this.#exec = this.#make(workflow === undefined ? {} : { workflow });
    if (this.#cancelled.signal.aborted) this.#exec.cancel();
    return await this.#exec.run(this.#root, files);
  }

  /**
   * What still runs when files change is ended, and begins anew.
   * @returns what the last one came to
   */
  async untilCancelled(): Promise<FinalStatus> {
    const tree = await TreeWatch.open(this.#root);
    const cancelled = new Promise<void>((resolve) => this.#cancelled.signal.addEventListener('abort', () => resolve()));
    try {
      for (;;) {
        const running = this.#onceMore();
        await Promise.race([tree.change(), cancelled]);
        if (!this.#cancelled.signal.aborted) this.#exec?.cancel();
        const status = await running;
        if (this.#cancelled.signal.aborted) return status;
        this.#view.take({ kind: 'note', text: 'files changed: running again' });
      }
    } finally {
      await tree.close();
    }
  }

  /** Ends what runs, and begins nothing more. */
  cancel(): void {
    this.#cancelled.abort();
    this.#exec?.cancel();
  }

  /** Ends everything at once. */
  kill(): void {
    this.cancel();
    this.#exec?.kill();
  }

  /** What a person has asked for may be there after the next change. */
  async #onceMore(): Promise<FinalStatus> {
    return await this.once().catch((error: unknown) => {
      if (!(error instanceof VoltError)) throw error;
      this.#view.take({ kind: 'note', text: `${error.code}: ${errorText(error)}. ${error.remedy}` });
      return 'error' as const;
    });
  }
}
