/** Messages of the setup. They go to standard error; standard output is for the command that is started. */

/** The machine lacks or refuses something. */
export class SetupError extends Error {
  /**
   * @param {string} code stable, for scripts and searches
   * @param {string} what what happened
   * @param {string} remedy what to do; one command where there is one
   * @param {string} [output] what the failed program printed
   */
  constructor(code, what, remedy, output = '') {
    super(what);
    this.name = 'SetupError';
    this.code = code;
    this.remedy = remedy;
    this.output = output;
  }

  /** @returns {string} for people */
  report() {
    const output = this.output.trim();
    const shown = output === '' ? '' : `${output.replace(/^/gm, '  | ')}\n`;
    return `${shown}error: ${this.code}: ${this.message}\n  to fix it: ${this.remedy}`;
  }
}

/** @param {string} line */
export function say(line) {
  console.error(`volt: ${line}`);
}
