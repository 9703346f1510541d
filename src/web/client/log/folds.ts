import type { Rows } from './rows.ts';
import { isOpenAtFirst, type LogStep } from './steps.ts';
import type { LineStore } from './store.ts';

/** Opens and closes the steps of a log and the groups of its lines. */
export class Folds {
  readonly #rows: Rows;
  readonly #store: LineStore;

  constructor(rows: Rows, store: LineStore) {
    this.#rows = rows;
    this.#store = store;
  }

  /**
   * Opens the steps that are of interest, and closes the others. What a person has opened or closed stays so until the step changes.
   * @param before the steps as they were known
   * @param mayMove whether lines in sight may move; if not, only new steps are opened and closed
   */
  take(steps: readonly LogStep[], before: readonly LogStep[], mayMove: boolean): void {
    for (const [index, step] of steps.entries()) {
      const known = before[index];
      const changed = known === undefined || known.status !== step.status;
      // a step that closes above the lines that somebody reads would move them
      if (!changed || (known && !mayMove)) continue;
      if (isOpenAtFirst(step, steps)) this.#rows.open(index);
      else this.#rows.close(index);
    }
    this.#rows.setSteps(steps);
  }

  toggleStep(step: number): void {
    if (this.#rows.isOpen(step)) this.#rows.close(step);
    else this.#rows.open(step);
  }

  /** @param head the first line of the group */
  async toggleGroup(head: number): Promise<void> {
    if (this.#rows.isFolded(head)) this.#rows.unfold(head);
    else this.#rows.fold(head, await this.#endOf(head));
  }

  /** Last line of a group: its end mark, or the line before the next group. */
  async #endOf(head: number): Promise<number> {
    for (let line = head + 1; line < this.#store.count; line++) {
      const mark = (await this.#store.fetched(line))?.line.mark;
      if (mark === 'endgroup') return line;
      if (mark === 'group') return line - 1;
    }
    return this.#store.count - 1;
  }
}
