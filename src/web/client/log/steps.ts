import type { StepLines } from './rows.ts';

/** A step of the job whose log is shown, as the page's list of steps has it. */
export interface LogStep extends StepLines {
  name: string;
  status: string;
  /** the duration, as text */
  took: string;
}

/** The steps that have begun, from the page's list of steps. */
export function stepsOnPage(): LogStep[] {
  return [...document.querySelectorAll<HTMLElement>('#job .steps > li[data-first]')].map((item) => ({
    first: Number(item.dataset.first),
    end: item.dataset.end === undefined ? undefined : Number(item.dataset.end),
    name: item.querySelector('.step')?.textContent ?? '',
    status: item.dataset.status ?? '',
    took: item.querySelector('.number')?.textContent ?? '',
  }));
}

/** Whether the lines of a step are shown without being asked for: passed and skipped steps rarely interest anybody. */
export function isOpenAtFirst({ status }: LogStep, steps: readonly LogStep[]): boolean {
  return steps.length === 1 || !['success', 'skipped', 'cancelled'].includes(status);
}
