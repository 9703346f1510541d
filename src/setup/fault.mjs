/** What setup says to people. All of it goes to standard error, which leaves standard output to what is started. */

/** Something that the machine lacks or refuses. */
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
    return `${shown}error: ${this.code}: ${this.message}\n  to mend it: ${this.remedy}`;
  }
}

/** @param {string} line */
export function say(line) {
  console.error(`volt: ${line}`);
}
