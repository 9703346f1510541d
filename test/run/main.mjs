#!/usr/bin/env node
/**
 * `npm test`: sets everything up, the tools that only tests need too, and runs the checks and the tests. With `--all`, as
 * `npm run test:all`, it runs the long tests of long.mjs, too.
 *
 *   node test/run/main.mjs [--all] [arguments of mocha]
 *
 * Arguments are given to one mocha, and nothing else runs. Exit codes: 3 when the machine lacks something; otherwise that
 * of the first check or run of mocha that failed.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireRecentNode } from '../../src/setup.mjs';

requireRecentNode();
// loaded afterwards: an old Node does not understand the rest
import('./checks.mjs').then(({ runSuite }) =>
  runSuite(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), process.argv.slice(2)),
);
