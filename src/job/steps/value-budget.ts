import { StepFault } from '../fault.ts';

/** Number and characters of names and values that all steps of a job may set together; they are kept until its end. */
const mostValues = 50_000;
const mostCharacters = 16_777_216;

/** Limits what the steps of a job set: outputs, state, variables and folders of the search path. */
export class ValueBudget {
  #values = 0;
  #characters = 0;

  /** @throws StepFault if it is too much */
  take(name: string, value: string): void {
    this.#characters += name.length + value.length;
    if (this.#characters > mostCharacters) {
      throw new StepFault(
        `the steps of the job have set more than ${mostCharacters} characters of outputs, state and variables`,
      );
    }
    if (++this.#values > mostValues)
      throw new StepFault(`the steps of the job have set more than ${mostValues} outputs, states and variables`);
  }
}
