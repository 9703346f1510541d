#!/usr/bin/env node
/**
 * What `npm start` runs first: brings a fresh clone to the point where it can work, then starts it.
 *
 *   node src/setup.mjs start [arguments of `volt up`]
 *
 * Exit codes: 2 for wrong usage, 3 when the machine lacks something; otherwise that of what was started.
 *
 * This first file speaks the JavaScript of 2019 (no `?.`, no `??`, no top-level await), so that a Node too old for the
 * rest, which is loaded only afterwards, still reaches the sentence that says so. Nothing in `setup/` has dependencies.
 */
import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The oldest Node that Volt runs on; package.json's `engines` says the same. */
const OLDEST_NODE = { major: 20, minor: 19 };

/**
 * @param {string} version as in `process.versions.node`
 * @returns {boolean} whether Volt runs on it
 */
export function isNodeRecent(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_NODE.major || (major === OLDEST_NODE.major && minor >= OLDEST_NODE.minor);
}

/** Ends the process, and says why, when this Node is too old for Volt. */
export function requireRecentNode() {
  if (isNodeRecent(process.versions.node)) return;
  const oldest = `${OLDEST_NODE.major}.${OLDEST_NODE.minor}`;
  console.error(`error: node_too_old: this is Node ${process.versions.node}, Volt needs ${oldest} or newer`);
  console.error(
    `  to mend it: install a current Node from https://nodejs.org (or \`nvm install --lts\`), then try again`,
  );
  process.exit(3);
}

/**
 * @param {string[]} argv what follows the script's name
 * @returns {Promise<void>}
 */
async function main(argv) {
  requireRecentNode();
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  const { runSetup } = await import('./setup/commands.mjs');
  await runSetup(root, argv);
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2));
}
