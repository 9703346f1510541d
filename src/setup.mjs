#!/usr/bin/env node
/**
 * What `npm start` runs first: installs and builds what a fresh clone lacks, then starts Volt.
 *
 *   node src/setup.mjs start [arguments of `volt up`]
 *
 * Exit codes: 2 for wrong usage, 3 when the machine lacks something; otherwise that of what was started.
 *
 * This file uses the JavaScript of 2019 (no `?.`, no `??`, no top-level await), so that an old Node can still print that it is
 * too old; the other files are loaded after that check. Nothing in `setup/` has dependencies.
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

/** Exits with an error when this Node is too old for Volt. */
export function requireRecentNode() {
  if (isNodeRecent(process.versions.node)) return;
  const oldest = `${OLDEST_NODE.major}.${OLDEST_NODE.minor}`;
  console.error(`error: node_too_old: this is Node ${process.versions.node}, Volt needs ${oldest} or newer`);
  console.error(
    `  to fix it: install a current Node from https://nodejs.org (or \`nvm install --lts\`), then try again`,
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
