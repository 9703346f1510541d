/**
 * Mocha's `spec` report; when VOLT_TEST_RESULTS names a file, the counts and the names of skipped tests as well, for
 * `.ci/run`. CommonJS, because mocha loads reporters with `require`.
 */
const { writeFileSync } = require('node:fs');
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
      writeFileSync(file, JSON.stringify({ passed: passes, failed: failures, skipped }));
    });
  }
};
