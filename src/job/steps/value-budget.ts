import { StepFault } from '../fault.ts';

/** Names and values that all steps of a job may hand on together, in number and in characters; they are kept to its end. */
const mostValues = 50_000;
const mostCharacters = 16_777_216;

/** Keeps what the steps of a job hand on (outputs, state, variables, folders of the search path) within bounds. */
export class ValueBudget {
  #values = 0;
  #characters = 0;

  /** @throws StepFault where it is too much */
  take(name: string, value: string): void {
    this.#characters += name.length + value.length;
    if (this.#characters > mostCharacters) {
      throw new StepFault(`the steps of the job have handed on more than ${mostCharacters} characters`);
    }
    if (++this.#values > mostValues)
      throw new StepFault(`the steps of the job have handed on more than ${mostValues} values`);
  }
}
