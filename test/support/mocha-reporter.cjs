/**
 * Mocha's `spec` report. If VOLT_TEST_RESULTS names a file, the results of each test file are also written there, for
 * test/run/runs.mjs. CommonJS, because mocha loads reporters with `require`.
 */
const { writeFileSync } = require('node:fs');
const { relative } = require('node:path');
const Mocha = require('mocha');

/** Longest error text that is kept; the end of a long diff says little. */
const ERROR_MAX = 4000;

module.exports = class Reporter extends Mocha.reporters.Spec {
  /**
   * @param {Mocha.Runner} runner
   * @param {Mocha.MochaOptions} options
   */
  constructor(runner, options) {
    super(runner, options);
    const target = process.env.VOLT_TEST_RESULTS;
    if (!target) return;
    /** @type {Record<string, { passed: number, failed: { title: string, error: string }[], skipped: string[], seconds: number }>} */
    const files = {};
    /** @param {Mocha.Runnable} test a test or a hook */
    const resultOf = (test) => {
      const name = relative(process.cwd(), test.file ?? '');
      files[name] ??= { passed: 0, failed: [], skipped: [], seconds: 0 };
      return files[name];
    };
    let since = performance.now();
    /** @param {Mocha.Runnable} test the time since the last one ended is its own */
    const count = (test) => {
      resultOf(test).seconds += (performance.now() - since) / 1000;
      since = performance.now();
    };
    const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING, EVENT_RUN_END } = Mocha.Runner.constants;
    const { EVENT_TEST_END, EVENT_HOOK_END } = Mocha.Runner.constants;
    for (const event of [EVENT_TEST_END, EVENT_HOOK_END]) runner.on(event, count);
    runner.on(EVENT_TEST_PASS, (test) => {
      resultOf(test).passed += 1;
    });
    runner.on(EVENT_TEST_FAIL, (test, error) => {
      const text = String(error?.stack ?? error).slice(0, ERROR_MAX);
      resultOf(test).failed.push({ title: test.fullTitle(), error: text });
    });
    runner.on(EVENT_TEST_PENDING, (test) => resultOf(test).skipped.push(test.fullTitle()));
    runner.on(EVENT_RUN_END, () => writeFileSync(target, JSON.stringify(files)));
  }
};
