import { errorText, VoltError } from '../../kernel/errors.ts';
import type { FinalStatus } from '../../kernel/model.ts';
import type { ExecView } from './events.ts';
import type { ExecRun } from './exec-run.ts';
import { findWorkflowFiles } from './find-workflow-files.ts';
import { TreeWatch } from './watch.ts';

/** Runs the work tree once, or each time it changes. */
export class ExecSession {
  readonly #root: string;
  readonly #workflow: string | undefined;
  readonly #view: ExecView;
  readonly #make: (asked: { workflow?: string }) => ExecRun;
  readonly #cancelled = new AbortController();
  #exec: ExecRun | undefined;

  /**
   * @param workflow that a person wants, see findWorkflowFiles
   * @param make makes one run
   */
  constructor(
    root: string,
    workflow: string | undefined,
    view: ExecView,
    make: (asked: { workflow?: string }) => ExecRun,
  ) {
    this.#root = root;
    this.#view = view;
    this.#workflow = workflow;
    this.#make = make;
  }

  /** @returns the status of the build */
  async runOnce(): Promise<FinalStatus> {
    const { files, workflow } = findWorkflowFiles(this.#root, this.#workflow);
    this.#exec = this.#make(workflow === undefined ? {} : { workflow });
    if (this.#cancelled.signal.aborted) this.#exec.cancel();
    return await this.#exec.run(this.#root, files);
  }

  /**
   * Runs again when files change, and cancels what still runs then.
   * @returns the status of the last run
   */
  async watch(): Promise<FinalStatus> {
    const tree = await TreeWatch.open(this.#root);
    const cancelled = new Promise<void>((resolve) => this.#cancelled.signal.addEventListener('abort', () => resolve()));
    try {
      for (;;) {
        const running = this.#runOnceOrNote();
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

  /** Cancels the run, and begins no other. */
  cancel(): void {
    this.#cancelled.abort();
    this.#exec?.cancel();
  }

  /** Kills all processes. */
  kill(): void {
    this.cancel();
    this.#exec?.kill();
  }

  /** A wrong request is shown, not thrown: it may be right after the next change. */
  async #runOnceOrNote(): Promise<FinalStatus> {
    return await this.runOnce().catch((error: unknown) => {
      if (!(error instanceof VoltError)) throw error;
      this.#view.take({ kind: 'note', text: `${error.code}: ${errorText(error)}. ${error.remedy}` });
      return 'error' as const;
    });
  }
}
