/**
 * Mocha's `spec` report; when VOLT_TEST_RESULTS names a file, a line with the counts and the names of skipped tests is
 * added to it, for `.ci/run`. CommonJS, because mocha loads reporters with `require`.
 */
const { appendFileSync } = require('node:fs');
const Mocha = require('mocha');

module.exports = class Reporter extends Mocha.reporters.Spec {
  /**
   * @param {Mocha.Runner} runner
   * @param {Mocha.MochaOptions} options
   */
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.VOLT_TEST_RESULTS;
    if (!file) return;
    /** @type {string[]} */
    const skipped = [];
    runner.on(Mocha.Runner.constants.EVENT_TEST_PENDING, (test) => skipped.push(test.fullTitle()));
    runner.on(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes = 0, failures = 0 } = runner.stats ?? {};
      appendFileSync(file, `${JSON.stringify({ passed: passes, failed: failures, skipped })}\n`);
    });
  }
};
